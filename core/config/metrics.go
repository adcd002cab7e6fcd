package config

import "net/url"

// metrics checks the server that keeps what is measured.
func (f *faults) metrics(c Config) {
	if c.MetricsURL == "" {
		for setting, value := range map[string]string{"metrics-user": c.MetricsUser, "metrics-password": c.MetricsPassword} {
			if value != "" {
				f.add(setting, "is set without metrics-url; name the server, or leave it out")
			}
		}
		return
	}
	u, err := url.Parse(c.MetricsURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		f.add("metrics-url", "%q is not the address of a server; write http:// or https:// and a host, such as http://prometheus:9090", c.MetricsURL)
	}
	if c.MetricsUser != "" && c.MetricsPassword == "" {
		f.add("metrics-password", "goes with metrics-user; set both, or neither for a server that asks for nothing")
	}
}
