package gateway

import (
	"errors"
	"io"
)

// body finds the end of a message's body in the bytes of its connection.
type body struct {
	framing framing
	left    int64 // for byLength
	seen    int64 // bytes of it that were passed on
	most    int64 // that it may have; 0 for any number
	chunks  chunks
}

// begin prepares for a body. strict is for those of clients.
func (y *body) begin(f framing, length int64, strict bool) {
	y.framing, y.left, y.seen, y.most = f, length, 0, 0
	if f == byChunks {
		y.chunks.reset(strict)
	}
}

// next returns the next piece of the body in b, as chunks.next does. Errors: errMore, io.EOF, errMalformed.
func (y *body) next(b []byte) (piece []byte, used int, err error) {
	switch y.framing {
	case byChunks:
		return y.chunks.next(b)
	case noBody:
		return nil, 0, io.EOF
	case byLength:
		if y.left == 0 {
			return nil, 0, io.EOF
		}
		b = b[:min(int64(len(b)), y.left)]
	}
	if len(b) == 0 {
		return nil, 0, errMore
	}
	y.left -= int64(len(b))
	return b, len(b), nil
}

// whole returns a body that is in b already, all of it, and is not chunked.
func (y *body) whole(b []byte) ([]byte, bool) {
	if y.framing != byLength || y.left > int64(len(b)) {
		return nil, false
	}
	return b[:y.left], true
}

var errLarge = errors.New("the body is larger than the rules allow")

// waiter waits for more bytes of a body.
type waiter interface {
	wait(*source) error
}

// relay passes a body on, in chunks or as it is. What was passed on is on its way before more is waited for. read is
// what went wrong on the side it comes from, write on the other.
func relay(dst *sink, src *source, y *body, inChunks bool, w waiter) (read, write error) {
	for {
		piece, used, err := y.next(src.bytes())
		switch {
		case y.most > 0 && y.seen+int64(len(piece)) > y.most:
			return errLarge, nil
		case err == io.EOF:
			return nil, endRelay(dst, src, y, inChunks, used)
		case err != nil && err != errMore:
			return err, nil
		case len(piece) > 0 && inChunks:
			write = dst.chunk(piece)
		case len(piece) > 0:
			write = dst.raw(piece)
		}
		src.skip(used)
		y.seen += int64(len(piece))
		if err == errMore && write == nil {
			if write = dst.flush(); write == nil {
				read = w.wait(src)
			}
		}
		if read == io.EOF && y.framing == byClose {
			return nil, endRelay(dst, src, y, inChunks, 0)
		}
		if read != nil || write != nil {
			return read, write
		}
	}
}

// endRelay writes the last chunk and the trailer, and all that was gathered.
func endRelay(dst *sink, src *source, y *body, inChunks bool, used int) error {
	if inChunks {
		out := append(dst.room(), "0\r\n"...)
		if y.framing == byChunks {
			out = y.chunks.trailer.appendFields(out, src.bytes(), passesAsTrailer)
		}
		dst.out = append(out, crlf...)
	}
	src.skip(used)
	return dst.flush()
}
