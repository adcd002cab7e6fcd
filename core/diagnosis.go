package core

import "time"

// Diagnosis answers why an app does not: each part of the way from a visitor to its program, in that order.
type Diagnosis struct {
	AppID     string
	CheckedAt time.Time
	State     StepState
	Headline  Text // the first step that is bad, or what was answered instead of what is expected, or that it works
	Because   Text // a later step that explains it; zero when the headline does
	Next      Text // what to do about it; zero when nothing is to be done
	Mend      Mend // where
	Steps     []DiagnosisStep
}

// DiagnosisStep is one part of the way.
type DiagnosisStep struct {
	Name    DiagnosisName
	State   StepState
	Text    Text
	Details []Text    // more of the same
	Next    Text      // what to do about it
	Mend    Mend      // where
	Lines   []string  // the last that a program wrote, inert
	At      time.Time // when what is said was so; zero for now
}

// DiagnosisName names a part of the way.
type DiagnosisName string

// The parts, from the visitor on.
const (
	DiagnoseName        DiagnosisName = "name"
	DiagnoseCertificate DiagnosisName = "certificate"
	DiagnoseGateway     DiagnosisName = "gateway"
	DiagnoseRoute       DiagnosisName = "route"
	DiagnoseInstances   DiagnosisName = "instances"
	DiagnoseHealth      DiagnosisName = "health"
	DiagnoseExit        DiagnosisName = "exit"
	DiagnoseQuota       DiagnosisName = "quota"
	DiagnoseHost        DiagnosisName = "host"
)

// StepState says how a part of the way is.
type StepState string

// How a part may be.
const (
	StateGood    StepState = "good"
	StateWarning StepState = "warning"
	StateBad     StepState = "bad"
	StateUnknown StepState = "unknown" // could not be looked at
	StateSkipped StepState = "skipped" // there is no such part
)

// Mend is where something is put right.
type Mend struct {
	Kind MendKind
	Arg  string // a domain, an operation
}

// MendKind is a place where something is put right, or an act that does it.
type MendKind string

// The places and acts.
const (
	MendDomains   MendKind = "domains"
	MendDomain    MendKind = "domain" // Arg
	MendRules     MendKind = "rules"
	MendSettings  MendKind = "settings"
	MendLogs      MendKind = "logs"
	MendDeploy    MendKind = "deploy"
	MendScale     MendKind = "scale"
	MendOperation MendKind = "operation" // Arg
	MendQuota     MendKind = "quota"
	MendHosts     MendKind = "hosts"
	MendStart     MendKind = "start"   // an act
	MendRestart   MendKind = "restart" // an act
)

// Facts are all that Diagnose looks at. What could not be read is left out; the fields say how that looks.
type Facts struct {
	App       App
	Target    Release // that is to run; zero before the first
	Serving   Release // that serves; zero when none does
	Failed    Operation
	Domains   []DomainFacts // the default one first; none of a service
	Secure    bool          // the gateways speak HTTPS
	Gateway   GatewayFacts
	Instances []Instance
	Answers   map[string][]HealthAnswer // by instance id, newest first
	Full      []Resource                // of which the team has nothing left
	Budget    []Resource                // of which the app has nothing left of what it may take
	Hosts     []Host                    // none: not known
	NoRoom    Text                      // why one more instance finds no host; zero when it does, or that is not known
	Disk      DiskFacts
	Now       time.Time
}

// DomainFacts are what is known of a name.
type DomainFacts struct {
	Name        string
	Own         bool // of the customer's own; else under the base domain
	Leads       Lead
	Verified    bool
	LostAt      time.Time
	Problem     Text
	CheckedAt   time.Time
	HTTPS       bool // plain requests are sent to HTTPS
	Kind        CertificateKind
	Certificate Certificate
}

// GatewayFacts are what is known of the gateways.
type GatewayFacts struct {
	Known     bool
	Address   string
	Answers   bool
	Age       time.Duration // of what it serves; 0 while it is kept up to date
	Missing   []string      // domains of the app that it knows no way for
	Counted   bool          // Instances is known
	Instances int           // of the app that it sends requests to
	Away      []string      // gateways that cannot be reached
}

// DiskFacts are what is known of the disk that Berth keeps its data on.
type DiskFacts struct {
	Known bool
	Free  Bytes
	Low   bool
}

// Around is what Diagnose wants to know and no store holds.
type Around struct {
	Gateway GatewayFacts
	Leads   Lead // of the default domain
	NoRoom  Text
	Disk    DiskFacts
}

// Diagnose says where the way from a visitor to an app's program is broken, and what to do. It is pure.
func Diagnose(f Facts) Diagnosis {
	d := diagnoser{Facts: f}
	d.Target, d.Serving = f.App.Sized(f.Target), f.App.Sized(f.Serving)
	d.count()
	steps := []DiagnosisStep{d.name(), d.certificate(), d.gateway(), d.route(), d.running(), d.health(), d.exit(), d.quota(), d.host()}
	out := Diagnosis{AppID: f.App.ID, CheckedAt: f.Now, State: StateGood, Headline: T("diagnosis.well"), Steps: steps}
	switch {
	case f.App.IsService():
		out.Headline = T("diagnosis.well_service")
	case d.asleep():
		out.Headline, out.Next = T("diagnosis.instances.asleep"), T("diagnosis.instances.asleep_next")
	}
	for _, state := range []StepState{StateBad, StateWarning} {
		if first := d.firstOf(steps, state); first != nil {
			out.State, out.Headline, out.Next, out.Mend = state, first.Text, first.Next, first.Mend
			out.explain(first)
			return out
		}
	}
	return out
}

// firstOf returns the first step of a state. That nothing is left to run more does not count while all runs that is to.
func (d *diagnoser) firstOf(steps []DiagnosisStep, state StepState) *DiagnosisStep {
	for i, s := range steps {
		if s.State == state && !(s.Name == DiagnoseQuota && d.ready >= d.wanted) {
			return &steps[i]
		}
	}
	return nil
}

// explain looks for what is behind instances that do not answer: the host, a program that ended, a bad answer.
func (d *Diagnosis) explain(first *DiagnosisStep) {
	if first.Name != DiagnoseInstances || first.Mend != (Mend{}) {
		return
	}
	for _, name := range []DiagnosisName{DiagnoseHost, DiagnoseExit, DiagnoseHealth, DiagnoseQuota} {
		for _, s := range d.Steps {
			if s.Name == name && s.State == first.State {
				d.Because, d.Next, d.Mend = s.Text, s.Next, s.Mend
				if name == DiagnoseHealth && s.State == StateBad { // what was answered says more than that nothing good was
					d.Headline, d.Because = s.Text, Text{}
				}
				first.Next = Text{} // which is for when nothing explains it
				return
			}
		}
	}
}

type diagnoser struct {
	Facts
	wanted, ready int
}

// due returns the release whose instances are to answer: when the one that is to run has failed, or waits for its
// switch, the one that serves.
func (d *diagnoser) due() Release {
	if d.Serving.Number > 0 && (d.Target.Status == ReleaseFailed || d.App.AwaitsSwitch()) {
		return d.Serving
	}
	return d.Target
}

func (d *diagnoser) count() {
	for _, n := range d.due().Spec.Instances() {
		d.wanted += n
	}
	for _, i := range d.Instances {
		if i.State == InstanceReady && d.App.Counts(i) {
			d.ready++
		}
	}
}

// ail is how bad it is that some instances fail: very, when none is left.
func (d *diagnoser) ail() StepState {
	if d.ready > 0 {
		return StateWarning
	}
	return StateBad
}

func step(name DiagnosisName, state StepState, text Text) DiagnosisStep {
	return DiagnosisStep{Name: name, State: state, Text: text}
}

func (s DiagnosisStep) to(next Text, kind MendKind, arg ...string) DiagnosisStep {
	s.Next, s.Mend.Kind = next, kind
	if len(arg) > 0 {
		s.Mend.Arg = arg[0]
	}
	return s
}
