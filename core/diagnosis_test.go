package core

import (
	"strings"
	"testing"
	"time"
)

var checked = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// sound are the facts of an app of two instances of which nothing is wrong.
func sound() Facts {
	r := Release{Number: 3, Status: ReleaseLive, Spec: ReleaseSpec{Targets: []Target{{Label: "1.0", Weight: 100}}, Replicas: 2, Memory: 64 * MiB, Port: 8080}}
	f := Facts{App: App{ID: "shop", TenantID: "acme", Release: 3, Serving: 3, State: AppRunning}, Target: r, Serving: r, Secure: true, Now: checked,
		Domains: []DomainFacts{{Name: "shop.apps.example.com", Leads: LeadsHere},
			{Name: "www.example.com", Own: true, Leads: LeadsHere, Verified: true, HTTPS: true, Kind: CertificateAutomatic,
				Certificate: Certificate{Chain: "x", NotAfter: checked.AddDate(0, 2, 0)}}},
		Gateway: GatewayFacts{Known: true, Address: "apps.example.com", Answers: true, Counted: true, Instances: 2},
		Hosts:   []Host{{ID: "local", Name: "local", Status: HostUp}}, Disk: DiskFacts{Known: true, Free: GiB},
		Answers: map[string][]HealthAnswer{}}
	for _, id := range []string{"aaaaaaaaaaaa", "bbbbbbbbbbbb"} {
		f.Instances = append(f.Instances, Instance{ID: id, HostID: "local", Release: 3, State: InstanceReady, Memory: 64 * MiB, StartedAt: checked.Add(-time.Hour)})
		f.Answers[id] = []HealthAnswer{{At: checked.Add(-time.Second), Asked: Probe{Kind: ProbeHTTP, Path: "/up"}}}
	}
	return f
}

// down has both instances down, for a reason.
func down(f *Facts, why Text, code int, oom bool) {
	f.App.State = AppCrashing
	f.Answers = nil
	f.Gateway.Instances = 0
	for i := range f.Instances {
		in := &f.Instances[i]
		in.State, in.ExitCode, in.OOM, in.Crashes, in.RetryAt = InstanceCrashed, code, oom, 4, checked.Add(4*time.Second)
		in.Exit = Exit{At: checked.Add(-time.Minute), Why: why, Lines: []string{"panic"}}
	}
}

// scaled has the release say one number of instances, and the scaling another.
func scaled(f *Facts, says, decided int) {
	f.Target.Spec.Replicas, f.Target.Spec.Scaling = says, Scaling{Min: 1, Max: 5, Idle: Duration(time.Minute)}
	f.Serving, f.App.Scales, f.App.Replicas = f.Target, true, decided
}

// waiting has release 4 ready beside the one that serves.
func waiting(f *Facts) {
	f.App.Release, f.App.State, f.App.Reason = 4, AppSwitching, T("reason.waits_for_switch", "release", "4")
	f.Target.Number, f.Target.Status, f.Target.Spec.Replicas = 4, ReleasePending, 1
	f.Instances = append(f.Instances, Instance{ID: "cccccccccccc", HostID: "local", Release: 4, State: InstanceReady})
}

func answering(f *Facts, state InstanceState, problem Text) {
	f.App.State, f.Gateway.Instances = AppFailed, 0
	for i := range f.Instances {
		f.Instances[i].State, f.Instances[i].StartedAt = state, checked.Add(-10*time.Second)
		f.Answers[f.Instances[i].ID] = []HealthAnswer{{At: checked.Add(-time.Second), Asked: Probe{Kind: ProbeHTTP, Path: "/up"}, Problem: problem}}
	}
}

// answered is what is wrong with an answer of a status to /up, which is asked for 200.
func answered(status string) Text {
	return T("health.status", "status", status, "path", "/up", "expected", "200")
}

func TestDiagnose(t *testing.T) {
	own := func(f *Facts) *DomainFacts { return &f.Domains[1] }
	for _, c := range []struct {
		name     string
		break_   func(f *Facts)
		state    StepState
		headline string // behind "diagnosis."
		because  string
		mend     MendKind
		arg      string
	}{
		{"well", func(*Facts) {}, StateGood, "well", "", "", ""},
		{"no name", func(f *Facts) { f.Domains[0].Leads = LeadsNowhere }, StateBad, "name.base_nowhere", "", "", ""},
		{"the name leads elsewhere", func(f *Facts) { f.Domains[0].Leads = LeadsElsewhere }, StateWarning, "name.base_elsewhere", "", "", ""},
		{"DNS is silent", func(f *Facts) { f.Domains[0].Leads = LeadsUnknown }, StateGood, "well", "", "", ""},
		{"not verified", func(f *Facts) { own(f).Verified = false }, StateBad, "name.unverified", "", MendDomain, "www.example.com"},
		{"record lost", func(f *Facts) { own(f).LostAt = checked }, StateWarning, "name.lost", "", MendDomain, "www.example.com"},
		{"own name nowhere", func(f *Facts) { own(f).Leads = LeadsNowhere }, StateBad, "name.nowhere", "", MendDomain, "www.example.com"},
		{"own name elsewhere", func(f *Facts) { own(f).Leads = LeadsElsewhere }, StateWarning, "name.elsewhere", "", MendDomain, "www.example.com"},
		{"certificate ended", func(f *Facts) { own(f).Certificate.NotAfter = checked.Add(-time.Hour) }, StateBad, "certificate.expired", "", MendDomain, "www.example.com"},
		{"certificate refused", func(f *Facts) { own(f).Certificate = Certificate{Error: T("x")} }, StateBad, "certificate.failed", "", MendDomain, "www.example.com"},
		{"certificate refused, HTTP goes on", func(f *Facts) {
			own(f).Certificate, own(f).HTTPS = Certificate{Error: T("x")}, false
		}, StateWarning, "certificate.failed", "", MendDomain, "www.example.com"},
		{"certificate on its way", func(f *Facts) { own(f).Certificate = Certificate{} }, StateWarning, "certificate.pending", "", MendDomain, "www.example.com"},
		{"certificate not renewed", func(f *Facts) {
			own(f).Certificate.NotAfter, own(f).Certificate.Error = checked.AddDate(0, 0, 3), T("x")
		}, StateWarning, "certificate.ending", "", MendDomain, "www.example.com"},
		{"gateway away", func(f *Facts) { f.Gateway.Answers = false }, StateBad, "gateway.away", "", MendHosts, ""},
		{"gateway not seen", func(f *Facts) { f.Gateway = GatewayFacts{} }, StateGood, "well", "", "", ""},
		{"no route", func(f *Facts) { f.Gateway.Missing = []string{"www.example.com"} }, StateBad, "gateway.no_route", "", MendDomains, ""},
		{"gateway was not told", func(f *Facts) { f.Gateway.Instances = 0 }, StateBad, "gateway.untold", "", MendHosts, ""},
		{"gateway is behind", func(f *Facts) { f.Gateway.Age = time.Hour }, StateWarning, "gateway.stale", "", MendHosts, ""},
		{"a gateway is away", func(f *Facts) { f.Gateway.Away = []string{"g2"} }, StateWarning, "gateway.some_away", "", MendHosts, ""},
		{"maintenance", func(f *Facts) { f.Serving.Spec.Rules.Maintenance.On = true }, StateBad, "route.maintenance", "", MendRules, ""},
		{"password", func(f *Facts) { f.Serving.Spec.Rules.Auth = []BasicUser{{Name: "guest"}} }, StateWarning, "route.password", "", MendRules, ""},
		{"allow", func(f *Facts) { f.Serving.Spec.Rules.Allow = []string{"192.0.2.0/24"} }, StateWarning, "route.allow", "", MendRules, ""},
		{"deny", func(f *Facts) { f.Serving.Spec.Rules.Deny = []string{"192.0.2.0/24"} }, StateWarning, "route.deny", "", MendRules, ""},
		{"stopped", func(f *Facts) { f.App.Stopped, f.Instances = true, nil }, StateBad, "instances.stopped", "", MendStart, ""},
		{"deleting", func(f *Facts) { f.App.Deleting = true }, StateBad, "instances.deleting", "", "", ""},
		{"never deployed", func(f *Facts) {
			f.App.Release, f.App.Serving, f.Target, f.Serving, f.Instances = 0, 0, Release{}, Release{}, nil
		}, StateBad, "instances.never", "", MendDeploy, ""},
		{"scaled to zero", func(f *Facts) { f.Target.Spec.Replicas, f.Instances = 0, nil }, StateBad, "instances.zero", "", MendScale, ""},
		{"asleep", func(f *Facts) {
			scaled(f, 1, 1)
			f.App.Asleep, f.App.State, f.Instances, f.Answers, f.Gateway.Instances = true, AppAsleep, nil, nil, 0
			f.Hosts = append(f.Hosts, Host{ID: "two", Status: HostDown})
		}, StateGood, "instances.asleep", "", "", ""},
		{"asleep, and nothing could wake it", func(f *Facts) {
			scaled(f, 1, 1)
			f.App.Asleep, f.App.State, f.Instances, f.Hosts[0].Status = true, AppAsleep, nil, HostDown
		}, StateBad, "host.away", "", MendHosts, ""},
		{"scaled in", func(f *Facts) {
			scaled(f, 3, 1)
			f.Instances, f.Gateway.Instances = f.Instances[:1], 1
		}, StateGood, "well", "", "", ""},
		{"scaled out, and most crash", func(f *Facts) {
			scaled(f, 1, 5)
			well := f.Instances[0]
			down(f, T("reason.exit_code"), 1, false)
			f.Instances, f.Gateway.Instances = append(f.Instances, f.Instances[1], f.Instances[1], well), 1
		}, StateWarning, "instances.some", "exit.code", MendLogs, ""},
		{"a later release failed, the one before sleeps", func(f *Facts) {
			scaled(f, 1, 1)
			f.Target.Number, f.Target.Status, f.App.Release = 4, ReleaseFailed, 4
			f.App.Asleep, f.App.State, f.Instances, f.Answers, f.Gateway.Instances = true, AppAsleep, nil, nil, 0
		}, StateGood, "instances.asleep", "", "", ""},
		{"first release failed", func(f *Facts) {
			f.Target.Status, f.Serving, f.Instances = ReleaseFailed, Release{}, nil
			f.Failed = Operation{ID: "op1", Error: T("reason.exit_code"), LogTail: []string{"x"}}
		}, StateBad, "instances.failed", "", MendOperation, "op1"},
		{"a later release failed, the one before serves", func(f *Facts) {
			f.Target.Number, f.Target.Status, f.Target.Spec.Replicas, f.App.Release = 4, ReleaseFailed, 5, 4
		}, StateGood, "well", "", "", ""},
		{"one of two", func(f *Facts) { f.Instances = f.Instances[:1] }, StateWarning, "instances.some", "", "", ""},
		{"none is there", func(f *Facts) { f.Instances = nil }, StateBad, "instances.none", "", "", ""},
		{"no room", func(f *Facts) {
			f.Instances, f.NoRoom = nil, T("error.no_host_memory")
		}, StateBad, "instances.none", "host.no_room", MendSettings, ""},
		{"being deployed", func(f *Facts) {
			f.App.State, f.Instances = AppDeploying, nil
		}, StateWarning, "instances.deploying", "", "", ""},
		{"what serves crashes while a release waits for its switch", func(f *Facts) {
			down(f, T("reason.exit_code"), 1, false)
			waiting(f)
		}, StateBad, "instances.none", "exit.code", MendLogs, ""},
		{"one of what serves is missing while a release waits for its switch", func(f *Facts) {
			f.Instances = f.Instances[:1]
			waiting(f)
		}, StateWarning, "instances.some", "", "", ""},
		{"a release waits for its switch", waiting, StateGood, "well", "", "", ""},
		{"out of memory", func(f *Facts) { down(f, T("reason.out_of_memory"), 137, true) }, StateBad, "instances.none", "exit.memory", MendSettings, ""},
		{"one of them out of memory", func(f *Facts) {
			well := f.Instances[0]
			down(f, T("reason.out_of_memory"), 137, true)
			f.Instances[0], f.Gateway.Instances = well, 1
		}, StateWarning, "instances.some", "exit.memory", MendSettings, ""},
		{"an error", func(f *Facts) { down(f, T("reason.exit_code"), 1, false) }, StateBad, "instances.none", "exit.code", MendLogs, ""},
		{"ended without one", func(f *Facts) { down(f, T("reason.exit_code"), 0, false) }, StateBad, "instances.none", "exit.finished", MendSettings, ""},
		{"no program", func(f *Facts) { down(f, T("reason.exit_code"), 127, false) }, StateBad, "instances.none", "exit.no_program", MendSettings, ""},
		{"cannot start", func(f *Facts) { down(f, T("reason.cannot_start"), 0, false) }, StateBad, "instances.none", "exit.cannot_start", MendSettings, ""},
		{"segmentation fault", func(f *Facts) { down(f, T("reason.signal"), 139, false) }, StateBad, "instances.none", "exit.fault", MendLogs, ""},
		{"killed", func(f *Facts) { down(f, T("reason.signal"), 137, false) }, StateBad, "instances.none", "exit.signal", MendLogs, ""},
		{"never answered", func(f *Facts) { down(f, T("reason.never_answered"), 143, false) }, StateBad, "instances.none", "exit.silent", MendSettings, ""},
		{"stopped for its answers", func(f *Facts) {
			down(f, T("reason.stopped_answering"), 143, false)
			for i := range f.Instances {
				f.Instances[i].Exit.Said = answered("503")
			}
		}, StateBad, "instances.none", "exit.answered", MendLogs, ""},
		{"crashed, and is back", func(f *Facts) {
			f.Instances[0].Exit, f.Instances[0].ExitCode, f.Instances[0].Crashes = Exit{At: checked.Add(-time.Minute), Why: T("reason.exit_code")}, 2, 1
		}, StateWarning, "exit.code", "", MendLogs, ""},
		{"crashed long ago", func(f *Facts) {
			f.Instances[0].Exit = Exit{At: checked.Add(-2 * time.Hour), Why: T("reason.exit_code")}
		}, StateGood, "well", "", "", ""},
		{"nothing listens", func(f *Facts) { answering(f, InstanceUnhealthy, T("health.refused")) }, StateBad, "health.refused", "", MendSettings, ""},
		{"not well", func(f *Facts) { answering(f, InstanceUnhealthy, answered("503")) }, StateBad, "health.status", "", MendLogs, ""},
		{"wrong path", func(f *Facts) { answering(f, InstanceUnhealthy, answered("404")) }, StateBad, "health.status", "", MendSettings, ""},
		{"behind a sign-in", func(f *Facts) { answering(f, InstanceUnhealthy, answered("401")) }, StateBad, "health.status", "", MendSettings, ""},
		{"wrong words", func(f *Facts) {
			answering(f, InstanceUnhealthy, T("health.text", "text", "ok", "path", "/up"))
		}, StateBad, "health.text", "", MendSettings, ""},
		{"not serving", func(f *Facts) { answering(f, InstanceUnhealthy, T("health.grpc_not_serving")) }, StateBad, "health.not_serving", "", MendLogs, ""},
		{"its own check", func(f *Facts) {
			answering(f, InstanceUnhealthy, T("health.own", "output", "no disk"))
		}, StateBad, "health.own", "", MendLogs, ""},
		{"gibberish", func(f *Facts) { answering(f, InstanceUnhealthy, T("health.malformed")) }, StateBad, "health.bad", "", MendLogs, ""},
		{"no answer", func(f *Facts) { answering(f, InstanceUnhealthy, T("health.timeout")) }, StateBad, "health.timeout", "", MendLogs, ""},
		{"only told of", func(f *Facts) {
			f.Serving.Spec.Health.Policy = PolicyTell
			answering(f, InstanceUnhealthy, answered("503"))
		}, StateBad, "health.status", "", MendRestart, ""},
		{"one bad answer", func(f *Facts) {
			answering(f, InstanceReady, T("health.timeout"))
			f.Gateway.Instances = 2
		}, StateWarning, "health.timeout", "", MendLogs, ""},
		{"a slow start", func(f *Facts) {
			answering(f, InstanceStarting, T("health.refused"))
			f.App.State = AppDeploying
		}, StateWarning, "instances.deploying", "health.starting", MendSettings, ""},
		{"quota used up", func(f *Facts) { f.Full = []Resource{ResourceMemory} }, StateGood, "well", "", "", ""},
		{"quota used up, and one is missing", func(f *Facts) {
			f.Full, f.Instances = []Resource{ResourceMemory}, f.Instances[:1]
		}, StateWarning, "instances.some", "quota.full", MendQuota, ""},
		{"budget used up", func(f *Facts) { f.Budget = []Resource{ResourceMemory} }, StateGood, "well", "", "", ""},
		{"its machine is away", func(f *Facts) { f.Hosts[0].Status = HostDown }, StateBad, "host.away", "", MendHosts, ""},
		{"its machine is away, and nothing answers", func(f *Facts) {
			answering(f, InstanceUnhealthy, T("health.timeout"))
			f.Hosts[0].Status = HostDown
		}, StateBad, "instances.none", "host.away", MendHosts, ""},
		{"another machine is away", func(f *Facts) { f.Hosts = append(f.Hosts, Host{ID: "two", Status: HostDown}) }, StateGood, "well", "", "", ""},
		{"disk nearly full", func(f *Facts) { f.Disk = DiskFacts{Known: true, Free: 100 * MiB, Low: true} }, StateWarning, "host.disk", "", MendHosts, ""},
		{"a database", func(f *Facts) {
			f.App.Service, f.Domains, f.Gateway = &ServiceSpec{Entry: "redis"}, nil, GatewayFacts{}
		}, StateGood, "well_service", "", "", ""},
		{"a database whose image comes", func(f *Facts) {
			f.App.Service, f.Domains, f.Gateway = &ServiceSpec{Entry: "redis"}, nil, GatewayFacts{}
			f.App.Release, f.App.State, f.Instances = 0, AppDeploying, nil
		}, StateWarning, "instances.fetching", "", "", ""},
		{"a database whose image does not come", func(f *Facts) {
			f.App.Service, f.Domains, f.Gateway = &ServiceSpec{Entry: "redis"}, nil, GatewayFacts{}
			f.App.Release, f.App.State, f.Instances = 0, AppFailed, nil
		}, StateBad, "instances.not_fetched", "", MendStart, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := sound()
			c.break_(&f)
			d := Diagnose(f)
			said := [3]string{strings.TrimPrefix(d.Headline.Key, "diagnosis."), strings.TrimPrefix(d.Because.Key, "diagnosis."), string(d.Mend.Kind)}
			if d.State != c.state || said != [3]string{c.headline, c.because, string(c.mend)} || d.Mend.Arg != c.arg {
				t.Errorf("%s: %s, because %q; %s %q", d.State, said[0], said[1], said[2], d.Mend.Arg)
			}
			if len(d.Steps) != 9 {
				t.Fatalf("%d steps", len(d.Steps))
			}
			for _, s := range d.Steps {
				if s.State == "" || s.Text.IsZero() || s.Name == "" || s.State == StateBad && s.Next.IsZero() && !strings.HasPrefix(s.Text.Key, "diagnosis.instances.") {
					t.Errorf("%+v says too little", s)
				}
			}
			if (d.State == StateBad || d.State == StateWarning) && d.Next.IsZero() && c.name != "deleting" {
				t.Error("no next step")
			}
		})
	}
}

func TestTheHeadlineSaysWhatWasAnswered(t *testing.T) {
	f := sound()
	answering(&f, InstanceUnhealthy, answered("503"))
	if got := Diagnose(f).Headline.String(); got != "diagnosis.health.status(expected=200, instance=aaaaaa, path=/up, status=503)" {
		t.Error(got)
	}
}

func TestALoopIsCalledSo(t *testing.T) {
	f := sound()
	down(&f, T("reason.out_of_memory"), 137, true)
	s := Diagnose(f).Steps[6]
	var said []string
	for _, d := range s.Details {
		said = append(said, d.String())
	}
	if got := strings.Join(said, " "); got != "diagnosis.exit.loop(count=4) diagnosis.exit.again(count=4)" || len(s.Lines) != 1 || !s.At.Equal(checked.Add(-time.Minute)) {
		t.Errorf("%s, lines %q, at %s", got, s.Lines, s.At)
	}
	f.Serving.Spec.Health.Policy = PolicyStop
	s = Diagnose(f).Steps[6]
	if last := s.Details[len(s.Details)-1]; last.Key != "diagnosis.exit.stays" {
		t.Errorf("under the policy stop: %s", last)
	}
}
