// Package quiet keeps the log package silent while packages are initialised: the metrics library of VictoriaLogs tells
// every command of this program there that the kernel has no pressure stall information. It imports nothing else, and
// its path sorts before that of the library, so it is initialised before. Serve calls Over; nothing else of Berth uses
// that package.
package quiet

import (
	"io"
	"log"
	"os"
)

func init() { log.SetOutput(io.Discard) }

// Over lets the log package speak again.
func Over() { log.SetOutput(os.Stderr) }
