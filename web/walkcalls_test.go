package web

import (
	"encoding/base64"
	"net/http"
	"strings"

	"berth/core"
)

// call says how to call a route so that the one thing that can be wrong is who calls. Names in braces are filled in
// from a sample.
type call struct {
	path   string            // in place of a wildcard of the route
	as     map[string]string // parameter of the route -> what of the sample it is, where the names differ
	query  string
	form   string
	json   string
	body   string
	header []string
	always int                             // what everybody is answered, whoever asks
	fresh  bool                            // ends the session, so it gets one of its own
	make   func(h *house, s sample) sample // makes what the call is about, in the tenant of s
	renew  func(h *house, s sample) sample // makes again what the call before has used up
}

// calls are the routes that need to be told more than the sample tells by itself: for pages about a tenant the tenant
// in the address, for forms the same, for the API an empty object.
var calls = map[string]call{
	"POST /sign-in":              {form: "email=" + email + "&password=" + password, fresh: true},
	"GET /sign-in/oidc":          {always: http.StatusNotFound}, // no provider is set; its own tests have one
	"GET /sign-in/oidc/callback": {always: http.StatusNotFound},
	"GET /sign-in/code":          {always: http.StatusUnauthorized}, // begin with the password
	"POST /sign-in/code":         {always: http.StatusUnauthorized, form: "code=1", fresh: true},
	"GET /forgot":                {always: http.StatusNotFound}, // nothing is mailed here
	"POST /forgot":               {always: http.StatusNotFound, form: "email=x@example.com"},
	"POST /reset/:secret":        {form: "password=x", fresh: true},
	"POST /sign-out":             {fresh: true},
	"POST /setup/:secret":        {form: "name=Ada", fresh: true},
	"POST /preferences":          {form: "theme=dark", fresh: true},
	"GET /new/address":           {query: "id=free-one"},
	"GET /audit/export":          {query: "tenant={tenant}&format=csv"},
	"GET /platform/audit/export": {query: "format=csv"},
	"GET /static/*":              {path: "/static/app.css"},

	"POST /new/upload":                       {body: multipartUpload, header: []string{"Content-Type", "multipart/form-data; boundary=xx"}},
	"POST /new/upload/:upload/name":          {form: "name=Brand new&plan=small&port=8080", renew: uploadAgain},
	"POST /new/image":                        {form: "tenant={tenant}&ref=registry.example.com/x:1&name=Brand new"},
	"POST /new/database/:entry":              {form: "tenant={tenant}&name=Brand new"},
	"GET /new/database/:entry":               {query: "tenant={tenant}"},
	"GET /apps/:app/connection":              {as: map[string]string{"app": "service"}},
	"POST /apps/:app/connection/credentials": {as: map[string]string{"app": "service"}},
	"GET /apps/:app/versions/new/:upload":    {as: map[string]string{"upload": "app upload"}},
	"POST /apps/:app/versions/new/:upload":   {as: map[string]string{"upload": "app upload"}, form: "label=3.0", renew: uploadAgain},
	"POST /apps/:app/versions/new/image":     {form: "ref=registry.example.com/x:1"},
	"POST /apps/:app/scale":                  {form: "replicas=2"},
	"POST /apps/:app/scaling":                {form: "how=fixed&replicas=2"},
	"POST /apps/:app/scaling/try":            {form: "how=auto&min=1&max=2&idle=1h"},
	"POST /apps/:app/rollback":               {form: "release={release}"},
	"POST /apps/:app/deploy":                 {form: "version={version}&plan=small&port=8080"},
	"GET /apps/:app/deploy":                  {query: "version={version}"},
	"POST /apps/:app/settings":               {form: "plan=small&port=8080"},
	"POST /apps/:app/settings/name":          {form: "name=Renamed"},
	"POST /apps/:app/delete":                 {form: "name=not its name"},
	"GET /apps/:app/logs/socket":             {header: websocketHeaders},

	"POST /members/invitations":                    {form: "tenant={tenant}&email=new@example.com&role=viewer"},
	"POST /members/invitations/:invitation/renew":  {form: "tenant={tenant}"},
	"POST /members/invitations/:invitation/revoke": {form: "tenant={tenant}"},
	"POST /members/leave":                          {form: "tenant={tenant}"},
	"POST /members/:user/role":                     {form: "tenant={tenant}&role=developer"},
	"POST /members/:user/remove":                   {form: "tenant={tenant}"},
	"POST /invitations/:secret":                    {form: "name=Ada", fresh: true},
	"POST /register":                               {form: "name=Ada", fresh: true},
	"POST /team":                                   {form: "tenant={tenant}&name=Renamed"},
	"POST /team/new":                               {form: "name=Brand new team"},
	"POST /team/delete":                            {form: "tenant={tenant}&name=not its name"},
	"POST /tenants":                                {form: "name=Brand new team"},
	"POST /api/v1/invitations/accept":              {json: `{"secret":"rubbish"}`},
	"POST /api/v1/tenants/:tenant/invitations":     {json: `{"email":"new@example.com","role":"viewer"}`},
	"PUT /api/v1/tenants/:tenant/members/:person":  {json: `{"role":"developer"}`},
	"PATCH /api/v1/tenants/:tenant":                {json: `{"name":"Renamed"}`},
	"PATCH /api/v1/people/:person":                 {json: `{"support":true}`},

	"POST /support/sessions/:session/consent":        {form: "agree=yes"},
	"POST /api/v1/support/sessions/:session/consent": {json: `{"agree":true}`},
	"POST /api/v1/support/sessions":                  {json: `{"tenant":"{tenant}","reason":"It does not answer"}`},
	"PUT /api/v1/tenants/:tenant/support":            {json: `{"ask_first":true}`},

	"POST /tenants/:tenant":       {form: "name=Renamed&plan=starter"},
	"POST /profile/delete":        {form: "email=not theirs"},
	"POST /people/:person/powers": {form: "support=1"},
	"POST /people/:person/delete": {form: "email=not theirs"},

	"DELETE /api/v1/people/:person": {query: "email=wrong@example.com"},

	"POST /quota/requests":                        {form: "tenant={tenant}&resource=instances&amount=900&reason=More tea is coming"},
	"POST /api/v1/tenants/:tenant/quota-requests": {json: `{"resource":"instances","amount":900,"reason":"More tea is coming"}`},

	"POST /alerts/rules":                    {form: "tenant={tenant}&kind=metric&metric=restarts&threshold=7&window=5m&for=2m&severity=warning"},
	"POST /alerts/rules/:rule":              {form: "tenant={tenant}&kind=metric&metric=latency&threshold=900&window=5m&for=2m&severity=warning"},
	"POST /alerts/rules/:rule/switch":       {form: "tenant={tenant}&off=on"},
	"POST /alerts/rules/:rule/delete":       {form: "tenant={tenant}"},
	"POST /alerts/channels":                 {form: "tenant={tenant}&name=Chat&kind=slack&url=https://hooks.example.com/x"},
	"POST /alerts/channels/:channel":        {form: "tenant={tenant}&name=Renamed"},
	"POST /alerts/channels/:channel/test":   {form: "tenant={tenant}"},
	"POST /alerts/channels/:channel/delete": {form: "tenant={tenant}"},
	"POST /alerts/silences":                 {form: "tenant={tenant}&lasts=1h"},
	"POST /alerts/silences/:silence/end":    {form: "tenant={tenant}"},

	"POST /api/v1/tenants/:tenant/alert-rules":            {json: `{"kind":"metric","metric":"restarts","threshold":7}`},
	"PUT /api/v1/tenants/:tenant/alert-rules/:rule":       {json: `{"kind":"metric","metric":"latency","threshold":0.9}`},
	"POST /api/v1/tenants/:tenant/alert-channels":         {json: `{"name":"Chat","kind":"slack","url":"https://hooks.example.com/x"}`},
	"PUT /api/v1/tenants/:tenant/alert-channels/:channel": {json: `{"name":"Renamed"}`},
	"POST /api/v1/tenants/:tenant/alert-silences":         {json: `{"until":"2099-01-01T00:00:00Z"}`},
	"POST /log-drains":                              {form: "tenant={tenant}&name=Copy&kind=http&url=https://logs.example.com"},
	"POST /log-drains/:drain":                       {form: "tenant={tenant}&name=Copy&kind=http&url=https://logs.example.com"},
	"POST /log-drains/:drain/delete":                {form: "tenant={tenant}"},
	"POST /api/v1/tenants/:tenant/log-drains":       {json: `{"name":"Copy","kind":"http","url":"https://logs.example.com"}`},
	"PUT /api/v1/tenants/:tenant/log-drains/:drain": {json: `{"name":"Copy","kind":"http","url":"https://logs.example.com"}`},

	"POST /tokens":               {form: "tenant={tenant}&name=ci&scope=read"},
	"POST /tokens/:token/delete": {form: "tenant={tenant}"},
	"POST /profile/tokens":       {form: "name=ci&scope=read"},

	"POST /apps/:app/domains":                  {form: "domain=brand-new.example.com"},
	"POST /apps/:app/domains/:domain":          {form: "certificate=none"},
	"POST /apps/:app/domains/:domain/delete":   {form: "name=not its name"},
	"POST /api/v1/apps/:app/domains":           {json: `{"domain":"brand-new.example.com"}`},
	"DELETE /api/v1/apps/:app/domains/:domain": {renew: domainAgain},

	"POST /api/v1/tenants":                {json: `{"name":"Brand new"}`},
	"POST /api/v1/tenants/:tenant/tokens": {json: `{"name":"ci","scope":"read"}`},
	"POST /api/v1/profile/tokens":         {json: `{"name":"ci","scope":"read"}`},
	"GET /api/v1/apps":                    {query: "tenant={tenant}"},
	"POST /api/v1/apps":                   {json: `{"tenant":"{tenant}","name":"Brand new"}`},
	"PUT /api/v1/apps/:app/draft":         {json: `{"port":9000}`},
	"POST /apps/:app/draft/unstage":       {form: "what=memory"},
	"POST /apps/:app/trial":               {form: "share=5"},
	"POST /apps/:app/switch":              {form: "release={release}"},
	"PATCH /api/v1/apps/:app":             {json: `{"name":"Renamed"}`},
	"GET /api/v1/apps/:app/metrics":       {query: "metric=cpu"},
	"GET /api/v1/hosts/:host/metrics":     {query: "metric=host_cpu"},
	"GET /api/v1/apps/:app/connection":    {as: map[string]string{"app": "service"}},
	"GET /api/v1/apps/:app/logs":          {header: websocketHeaders},
	"POST /api/v1/apps/:app/versions":     {json: `{"image":"registry.example.com/x:1"}`},
	"POST /api/v1/apps/:app/releases":     {json: `{"replicas":2}`},
	"POST /api/v1/apps/:app/rollback":     {json: `{"release":1}`},
	"PUT /api/v1/apps/:app/scaling":       {json: `{"min":2,"max":2}`},

	"POST /api/v1/apps/:app/scaling/dry-run": {json: `{"min":1,"max":2,"rules":[{"metric":"cpu","target":60}]}`},
	"POST /api/v1/apps/:app/canary":          {json: `{"version":"1.0"}`}, // another one is a fault of the field, as in a release,
	"PUT /api/v1/apps/:app/canary/share":     {json: `{"share":20}`},

	"POST /apps/:app/ports":             {form: "who=everybody&tls=none"},
	"POST /apps/:app/ports/:port":       {form: "who=everybody"},
	"POST /apps/:app/ports/:port/close": {renew: portAgain},

	"POST /api/v1/apps/:app/ports":         {json: `{"everybody":true}`},
	"PUT /api/v1/apps/:app/ports/:port":    {json: `{"everybody":true}`},
	"DELETE /api/v1/apps/:app/ports/:port": {renew: portAgain},

	"GET /api/v1/gateway/certificate":    {renew: certificateAgain},
	"DELETE /api/v1/gateway/certificate": {renew: certificateAgain},

	"GET /api/v1/addresses/:id": {path: "/api/v1/addresses/free-one"},

	"GET /v2":      {path: "/v2/"},
	"HEAD /v2":     {path: "/v2/"},
	"GET /v2/*":    {path: "/v2/{app}/manifests/{version}", header: anyManifest},
	"HEAD /v2/*":   {path: "/v2/{app}/manifests/{version}", header: anyManifest},
	"POST /v2/*":   {path: "/v2/{app}/blobs/uploads/", header: anyManifest},
	"PUT /v2/*":    {path: "/v2/{app}/manifests/3.0", body: "{}", header: []string{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}},
	"PATCH /v2/*":  {path: "{push}", make: beginPush, body: "x", header: anyManifest},
	"DELETE /v2/*": {path: "{push}", make: beginPush, header: anyManifest},

	"POST /uploads/*":   {path: "/uploads/", make: uploadMetadata, header: []string{"Tus-Resumable", "1.0.0", "Upload-Length", "7", "Upload-Metadata", "tenant {metadata}"}},
	"HEAD /uploads/*":   {path: "/uploads/{resumable}", make: beginUpload, header: []string{"Tus-Resumable", "1.0.0"}},
	"PATCH /uploads/*":  {path: "/uploads/{resumable}", make: beginUpload, body: "xy", header: []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"}},
	"DELETE /uploads/*": {path: "/uploads/{resumable}", make: beginUpload, header: []string{"Tus-Resumable", "1.0.0"}},
}

var anyManifest = []string{"Accept", "application/vnd.oci.image.manifest.v1+json"}

var websocketHeaders = []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13",
	"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}

const multipartUpload = "--xx\r\nContent-Disposition: form-data; name=\"tenant\"\r\n\r\n{tenant}\r\n" +
	"--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.tar\"\r\n\r\nno archive\r\n--xx--\r\n"

// portAgain opens a TCP port once more.
func portAgain(h *house, s sample) sample { return sample{"port": h.tcpPort(s["app"], s["tenant"])} }

// uploadAgain brings the files once more.
func uploadAgain(h *house, s sample) sample {
	return sample{"upload": h.uploaded(s["tenant"], ""), "app upload": h.uploaded(s["tenant"], s["app"])}
}

// domainAgain claims once more what was given up.
func domainAgain(h *house, s sample) sample {
	name := "d" + core.NewInstanceID() + ".example.com"
	_, err := h.service.AddDomain(h.system(), s["app"], core.NewDomain{Name: name})
	h.ok(err)
	return sample{"domain": name}
}

// certificateAgain brings the certificate for all apps once more.
func certificateAgain(h *house, _ sample) sample {
	chain, key := selfSigned("*.localhost", "localhost")
	h.ok(h.service.UploadBaseCertificate(h.system(), chain, key))
	return nil
}

// beginPush has the operator begin to push a blob into the app of s.
func beginPush(h *house, s sample) sample {
	h.t.Helper()
	if s["app"] == h.absent["app"] {
		return sample{"push": "/v2/" + s["app"] + "/blobs/uploads/5f8a7a6e-3f1c-4f6e-8a55-1d6f6d8f0e11"}
	}
	got := h.ask(nil, http.MethodPost, "/v2/"+s["app"]+"/blobs/uploads/", "", "Authorization", basic(operatorToken))
	if got.status != http.StatusAccepted {
		h.t.Fatal(got)
	}
	_, path, _ := strings.Cut(got.header.Get("Location"), "/v2/")
	return sample{"push": "/v2/" + path}
}

func uploadMetadata(_ *house, s sample) sample {
	return sample{"metadata": base64.StdEncoding.EncodeToString([]byte(s["tenant"]))}
}

// beginUpload has the operator begin a resumable upload into the tenant of s.
func beginUpload(h *house, s sample) sample {
	h.t.Helper()
	if s["tenant"] == h.absent["tenant"] {
		return sample{"resumable": core.NewID()}
	}
	got := h.ask(nil, http.MethodPost, "/uploads/", "", "Authorization", "Bearer "+operatorToken, "Tus-Resumable", "1.0.0",
		"Upload-Length", "7", "Upload-Metadata", "tenant "+uploadMetadata(h, s)["metadata"])
	if got.status != http.StatusCreated {
		h.t.Fatal(got)
	}
	return sample{"resumable": strings.TrimPrefix(got.header.Get("Location"), "/uploads/")}
}

func basic(token string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte("token:"+token))
}
