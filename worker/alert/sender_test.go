package alert

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"berth/core"
)

var at = time.Unix(1_700_000_000, 0)

func senderAt() *Sender {
	return NewSender(SenderOptions{Networks: loopback, Now: func() time.Time { return at }, Words: func(_ string, t core.Text) string { return t.String() },
		Page: func(string) string { return "https://berth.example/alerts" }})
}

func firing(about string) []core.AlertNotice {
	return []core.AlertNotice{{ID: "n", AppName: about, Alert: core.Alert{ID: "a", State: core.AlertFiring, Severity: core.AlertCritical, AppID: "shop",
		Rule: core.T("alert.rule_health", "for", "1 min")}}}
}

// robot answers as one, and keeps the last request.
type robot struct {
	*httptest.Server
	answer string
	query  url.Values
	body   map[string]any
	header http.Header
}

func newRobot(t *testing.T, answer string) *robot {
	r := &robot{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.query, r.header, r.body = req.URL.Query(), req.Header, nil
		if err := json.Unmarshal(body, &r.body); err != nil || req.Method != http.MethodPost || !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s %s: %v", req.Method, body, err)
		}
		io.WriteString(w, r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

// in digs into JSON.
func (r *robot) in(path ...string) string {
	var v any = r.body
	for _, p := range path {
		v, _ = v.(map[string]any)[p]
	}
	s, _ := v.(string)
	return s
}

// TestRobots compares what is sent with the forms that the makers document; the signatures were computed by openssl.
func TestRobots(t *testing.T) {
	s := senderAt()
	send := func(kind core.ChannelKind, r *robot, secret string) {
		t.Helper()
		target := core.AlertTarget{URL: r.URL + "/robot/send?access_token=t0ken", Secret: secret}
		if err := s.send(context.Background(), core.AlertChannel{Kind: kind}, target, firing("<Shop> & <!channel>")); err != nil {
			t.Error(kind, err)
		}
	}
	slack := newRobot(t, "ok")
	send(core.ChannelSlack, slack, "")
	if text := slack.in("text"); !strings.Contains(text, "&lt;Shop&gt; &amp; &lt;!channel&gt;") {
		t.Errorf("slack: %q", text)
	}
	ding := newRobot(t, `{"errcode":0,"errmsg":"ok"}`)
	send(core.ChannelDingTalk, ding, "SEC0123")
	if ding.in("msgtype") != "text" || !strings.Contains(ding.in("text", "content"), "alert.rule_health") || ding.query.Get("access_token") != "t0ken" ||
		ding.query.Get("timestamp") != "1700000000000" || ding.query.Get("sign") != dingSign {
		t.Errorf("dingtalk: %v %v", ding.query, ding.body)
	}
	wecom := newRobot(t, `{"errcode":0,"errmsg":"ok"}`)
	send(core.ChannelWeCom, wecom, "")
	if wecom.in("msgtype") != "text" || !strings.Contains(wecom.in("text", "content"), "alert.rule_health") || wecom.query.Get("sign") != "" {
		t.Errorf("wecom: %v %v", wecom.query, wecom.body)
	}
	feishu := newRobot(t, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`)
	send(core.ChannelFeishu, feishu, "SEC0123")
	if feishu.in("msg_type") != "text" || !strings.Contains(feishu.in("content", "text"), "alert.rule_health") || feishu.in("timestamp") != "1700000000" ||
		feishu.in("sign") != feishuSign {
		t.Errorf("feishu: %v", feishu.body)
	}
}

const (
	dingSign   = "2lI0CLA9w0NryWAswdWUgPoOvPXo1wScAKa+6Qn+lxQ="
	feishuSign = "qHciSveWC1yukCm6qZczwRMZA4/T30xADh2p9zCNYYY="
)

// What a receiver says, or does not, is told in words, and never with the address, which holds a token.
func TestWhatReceiversSay(t *testing.T) {
	status := func(n int, to string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if to != "" {
				w.Header().Set("Location", to)
			}
			w.WriteHeader(n)
		})
	}
	reached := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inside.Close()
	gone := httptest.NewServer(status(200, ""))
	gone.Close()
	secure := httptest.NewTLSServer(status(200, ""))
	defer secure.Close()
	serve := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return s.URL
	}
	says := func(text string) string {
		return serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
	}
	for name, c := range map[string]struct {
		kind      core.ChannelKind
		url, want string
	}{
		"refused":          {core.ChannelSlack, serve(status(404, "")), "error.channel_refused"},
		"redirected":       {core.ChannelSlack, serve(status(307, inside.URL)), "error.channel_redirects"},
		"nobody":           {core.ChannelSlack, gone.URL, "error.channel_unreachable"},
		"unknown name":     {core.ChannelSlack, "http://no-such-name.invalid/", "error.channel_name"},
		"certificate":      {core.ChannelSlack, secure.URL, "error.channel_certificate"},
		"dingtalk refuses": {core.ChannelDingTalk, says(`{"errcode":310000,"errmsg":"sign not match\u202e"}`), "error.channel_said"},
		"wecom refuses":    {core.ChannelWeCom, says(`{"errcode":93000,"errmsg":"invalid webhook url"}`), "error.channel_said"},
		"feishu refuses":   {core.ChannelFeishu, says(`{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}`), "error.channel_said"},
		"no robot":         {core.ChannelFeishu, says(`<html>`), "error.channel_no_robot"},
	} {
		err := senderAt().Try(context.Background(), core.AlertChannel{Kind: c.kind}, core.AlertTarget{URL: c.url + "?token=t0ken"})
		said := core.ErrorMessage(err)
		if core.ErrorCode(err) != core.EUNREACHABLE || said.Key != c.want || strings.Contains(said.String(), "t0ken") || strings.Contains(said.String(), "\u202e") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if reached {
		t.Error("a redirection was followed")
	}
}

// Whatever a name is and resolves to, what is dialled is a public address, or one that the operator allows.
func TestPrivateAddresses(t *testing.T) {
	reached := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	guarded := NewSender(SenderOptions{Words: func(_ string, t core.Text) string { return t.String() }, Page: func(string) string { return "" }})
	for _, host := range []string{"127.0.0.1", "localhost", "127.1.2.3", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "172.17.0.1",
		"100.100.100.200", "[fe80::1]", "[fd00:ec2::254]", "2130706433"} {
		err := guarded.Try(context.Background(), core.AlertChannel{Kind: core.ChannelSlack}, core.AlertTarget{URL: "http://" + host + ":" + port})
		if key := core.ErrorMessage(err).Key; key != "error.channel_private" && !(host == "2130706433" && key == "error.channel_name") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if reached {
		t.Error("it was reached")
	}
}

// A message is cut to what a receiver takes, between characters.
func TestLongMessages(t *testing.T) {
	r := newRobot(t, `{"errcode":0}`)
	var many []core.AlertNotice
	for range 200 {
		n := firing(strings.Repeat("茶", 60))[0]
		n.Alert.ID = core.NewID()
		many = append(many, n)
	}
	if err := senderAt().send(context.Background(), core.AlertChannel{Kind: core.ChannelWeCom}, core.AlertTarget{URL: r.URL}, many); err != nil {
		t.Fatal(err)
	}
	if text := r.in("text", "content"); len(text) > mostWeCom || len(text) < mostWeCom-8 || !utf8.ValidString(text) || strings.Contains(text, "\ufffd") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

// Of an alert that fired and is over before a receiver took the first, only the last is told.
func TestTheLatestOfEach(t *testing.T) {
	list := append(firing("Shop"), firing("Shop")...)
	list[1].ID, list[1].Alert.State = "later", core.AlertResolved
	if m := senderAt().message("", "tea", list); len(m.data.Alerts) != 1 || m.data.Alerts[0].State != core.AlertResolved || m.data.Alerts[0].Notice != "later" {
		t.Errorf("%+v", m.data.Alerts)
	}
}
