package gateway

import "io"

// chunks reads a chunked body. Its zero value is at the beginning.
type chunks struct {
	state   chunkState
	left    int64 // of the present chunk
	trailer head  // when the body has ended; its places count from the trailer's first byte
}

type chunkState byte

const (
	atSize chunkState = iota
	inData
	behindData
	inTrailer
	atEnd
)

// maxSizeLine bounds the line with the size of a chunk and its extensions, which nobody needs.
const maxSizeLine = 256

func (c *chunks) reset(strict bool) {
	c.trailer.reset()
	c.trailer.strict = strict
	c.state, c.left = atSize, 0
}

// next returns the next piece of data in b and how many bytes of b are used up with it. A piece may be empty while
// bytes are used. At the end it returns io.EOF, and b[:used] is the trailer. Errors: errMore, errMalformed, errTooMany.
func (c *chunks) next(b []byte) (piece []byte, used int, err error) {
	for {
		rest := b[used:]
		switch c.state {
		case atSize:
			n, err := c.size(rest)
			if err != nil {
				return nil, used, err
			}
			used += n
		case inData:
			if len(rest) == 0 {
				return nil, used, errMore
			}
			piece = rest[:min(int64(len(rest)), c.left)]
			if c.left -= int64(len(piece)); c.left == 0 {
				c.state = behindData
			}
			return piece, used + len(piece), nil
		case behindData:
			if len(rest) < 2 {
				return nil, used, errMore
			}
			if rest[0] != '\r' || rest[1] != '\n' {
				return nil, used, errMalformed
			}
			used += 2
			c.state = atSize
		default:
			return c.end(b, used)
		}
	}
}

// size reads the line with the size of a chunk: hexadecimal digits, then perhaps extensions, which are left
// out, or blanks, as some servers pad it.
func (c *chunks) size(b []byte) (int, error) {
	n, i := int64(0), 0
	for ; i < len(b) && hexValue(b[i]) >= 0; i++ {
		if i == 15 {
			return 0, errMalformed
		}
		n = n<<4 | int64(hexValue(b[i]))
	}
	digits := i
	for ; i < len(b) && b[i] != '\r'; i++ {
		if extension := b[digits] == ';'; !extension && !isBlank(b[i]) || !valueChars[b[i]] || i == maxSizeLine {
			return 0, errMalformed
		}
	}
	switch {
	case i > 0 && digits == 0:
		return 0, errMalformed
	case i+1 >= len(b):
		return 0, errMore
	case b[i+1] != '\n' || digits == 0:
		return 0, errMalformed
	}
	c.left, c.state = n, inData
	if n == 0 {
		c.state = inTrailer
	}
	return i + 2, nil
}

// end parses the trailer. The bytes used before it are reported first, so that it lies at the beginning of b.
func (c *chunks) end(b []byte, used int) ([]byte, int, error) {
	if used > 0 {
		return nil, used, nil
	}
	if c.state == inTrailer {
		if err := c.trailer.parseFields(b); err != nil {
			return nil, 0, err
		}
		c.state = atEnd
	}
	return nil, c.trailer.pos, io.EOF
}

func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
