// Package migrations holds the schema of Berth's database as numbered SQL files, one directory a dialect. A file that
// was released is never edited: what changes afterwards is a new file, in both directories.
package migrations

import "embed"

// SQLite and MySQL hold the files of their dialect in the directories "sqlite" and "mysql".
var (
	//go:embed sqlite/*.sql
	SQLite embed.FS
	//go:embed mysql/*.sql
	MySQL embed.FS
)
