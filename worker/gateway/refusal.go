package gateway

import "errors"

// refusal answers a client whose request goes no further; the connection is closed afterwards.
type refusal struct {
	reason reason
	status int
	text   string
	header string // a further line, or ""
}

func (r *refusal) Error() string { return r.text }

var (
	refuseMalformed = &refusal{reasonMalformed, 400, "The request is malformed.", ""}
	refuseFraming   = &refusal{reasonFraming, 400, "The length of the request's body is ambiguous.", ""}
	refuseMethod    = &refusal{reasonMethod, 405, "This method is not allowed here.", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"}
	refuseSlow      = &refusal{reasonSlow, 408, "The request did not arrive in time.", ""}
	refuseLarge     = &refusal{reasonLarge, 413, "The body is larger than this app allows.", ""}
	refuseTarget    = &refusal{reasonTarget, 414, "The address is too long.", ""}
	refuseHost      = &refusal{reasonHost, 421, "This connection was made for another host.", ""}
	refuseHead      = &refusal{reasonHead, 431, "The header fields are too many or too large.", ""}
	refuseVersion   = &refusal{reasonVersion, 505, "This version of HTTP is not spoken here.", ""}
)

// reason says why requests are refused, for the counts.
type reason byte

const (
	reasonMalformed reason = iota
	reasonFraming
	reasonMethod
	reasonSlow
	reasonLarge
	reasonTarget
	reasonHost
	reasonHead
	reasonVersion
	reasonForbidden
	reasonLimited
	reasonUnauthorized
	reasonMaintenance
	reasonAmbiguous
	reasons
)

var reasonNames = [reasons]string{"malformed", "framing", "method", "slow", "too_large", "target", "host", "head", "version",
	"forbidden", "limited", "unauthorized", "maintenance", "ambiguous"}

// ruledOut are the reasons that the rules of an app have.
var ruledOut = map[PageKind]reason{PageForbidden: reasonForbidden, PageLimited: reasonLimited, PageUnauthorized: reasonUnauthorized,
	PageLarge: reasonLarge, PageMaintenance: reasonMaintenance, PageAmbiguous: reasonAmbiguous}

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
