// Package wire is the message frame of Heartbeat 3.0.6: netstring and classic text, in and out.
// It is pure and knows nothing of keys: it yields the exact bytes a signature covers.
//
// A netstring datagram, as every node sends it by UDP:
//
//	"###\n"  LEN:(TYPE)NAME=VALUE, ...  "%%%\n"  LEN:KEYNUM TOKEN,
//
// Classic text, as it goes over serial lines and stands inside compressed payloads:
//
//	">>>\n"  NAME=VALUE\n ...  auth=KEYNUM TOKEN\n  "<<<\n"
//
// [Parse] takes both. What it accepts it can write again byte for byte ([Frame.Append]); to keep
// that promise without exceptions it refuses some spellings no 3.0.6 node ever sends and which a
// 3.0.6 node would let through: lengths with leading zeros, names with a newline, base64 that is
// not the canonical one, bytes after the end of a nested message, text around KEYNUM and TOKEN
// other than blanks between them. It also bounds the number of fields ([MaxFields]).
//
// Input that aborts the master process of a 3.0.6 node (a field without its type, a type above 5,
// an empty field, NUL in a string) is an ordinary error here, and [Message.Check] keeps us from
// ever sending any.
package wire
