package gateway

import "bytes"

// kind says what a field means to the gateway.
type kind byte

const (
	plainField      kind = iota // nothing: it passes
	hopField                    // between two neighbours only
	connectionField             // options of this connection, and names of further such fields
	hostField
	lengthField   // Content-Length
	transferField // Transfer-Encoding
	upgradeField
	expectField
	trailerField
	languageField // Accept-Language
	originField   // where a request came from: in requests the gateway alone says so
	disguised     // one of the above with underscores, as which some servers read it
)

// kindOf returns the kind of a field. Names are compared without case, and "_" stands for "-".
func kindOf(name []byte) kind {
	var space [32]byte
	lower := space[:min(len(name), len(space))]
	underscores := false
	for i := range lower {
		if lower[i] = toLower(name[i]); lower[i] == '_' {
			lower[i], underscores = '-', true
		}
	}
	k := plainField
	if len(name) == len(lower) {
		k = kindOfLower(lower)
	}
	if bytes.HasPrefix(lower, forwardedPrefix) {
		k = originField
	}
	if underscores && k != plainField {
		return disguised
	}
	return k
}

var forwardedPrefix = []byte("x-forwarded")

func kindOfLower(name []byte) kind {
	switch string(name) {
	case "connection":
		return connectionField
	case "host":
		return hostField
	case "content-length":
		return lengthField
	case "transfer-encoding":
		return transferField
	case "upgrade":
		return upgradeField
	case "expect":
		return expectField
	case "trailer":
		return trailerField
	case "accept-language":
		return languageField
	case "keep-alive", "proxy-connection", "te", "http2-settings", "proxy-authorization", "proxy":
		return hopField
	case "forwarded", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip":
		return originField
	}
	return plainField
}

// passesToInstance says which fields of a request go on as they came; the gateway writes the others itself.
func passesToInstance(k kind) bool {
	switch k {
	case plainField, hostField, lengthField, trailerField, languageField:
		return true
	}
	return false
}

// passesToClient says the same of a response.
func passesToClient(k kind) bool {
	switch k {
	case plainField, hostField, expectField, trailerField, languageField, originField, disguised:
		return true
	}
	return false
}

// passesAsTrailer says it of the fields behind a body: nothing that means anything to the gateway.
func passesAsTrailer(k kind) bool { return k == plainField }
