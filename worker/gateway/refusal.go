package gateway

import "errors"

// refusal answers a client whose request goes no further; the connection is closed afterwards.
type refusal struct {
	status int
	text   string
	header string // a further line, or ""
}

func (r *refusal) Error() string { return r.text }

var (
	refuseMalformed = &refusal{400, "The request is malformed.", ""}
	refuseFraming   = &refusal{400, "The length of the request's body is ambiguous.", ""}
	refuseMethod    = &refusal{405, "This method is not allowed here.", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"}
	refuseSlow      = &refusal{408, "The request did not arrive in time.", ""}
	refuseLarge     = &refusal{413, "The body is larger than this app allows.", ""}
	refuseTarget    = &refusal{414, "The address is too long.", ""}
	refuseHost      = &refusal{421, "This connection was made for another host.", ""}
	refuseHead      = &refusal{431, "The header fields are too many or too large.", ""}
	refuseVersion   = &refusal{505, "This version of HTTP is not spoken here.", ""}
)

// refusalOf turns an error of parsing a request into the answer to it; errMore stays.
func refusalOf(err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	switch err {
	case errMore:
		return err
	case errTooMany, errFull:
		return refuseHead
	}
	return refuseMalformed
}
