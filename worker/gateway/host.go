package gateway

// hostChars may stand in a domain that a request names.
var hostChars = charTable(func(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '.' || c == '_' })

const maxDomain = 253

// appendDomain appends the domain that the Host field names: lower case, without port and final dot. It reports
// whether the field is one; an address in brackets is taken as it is.
func appendDomain(dst, host []byte) ([]byte, bool) {
	name, ok := cutPort(host)
	if !ok {
		return dst, false
	}
	if n := len(name); n > 1 && name[n-1] == '.' {
		name = name[:n-1]
	}
	if len(name) == 0 || len(name) > maxDomain || name[0] == '.' {
		return dst, false
	}
	bracketed := name[0] == '[' && name[len(name)-1] == ']'
	for i, c := range name {
		inside := bracketed && (c == ':' || i == 0 || i == len(name)-1)
		if !hostChars[c] && !inside || c == '.' && name[i-1] == '.' {
			return dst, false
		}
		dst = append(dst, toLower(c))
	}
	return dst, true
}

// cutPort removes ":port", which may be empty and is digits otherwise.
func cutPort(host []byte) ([]byte, bool) {
	i := len(host)
	for i > 0 && isDigit(host[i-1]) {
		i--
	}
	if i > 0 && host[i-1] == ':' {
		return host[:i-1], len(host)-i <= 5
	}
	return host, true
}
