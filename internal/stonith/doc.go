// Package stonith runs what resets a node: the command `stonith` of cluster-glue, or a fence agent. It decides
// nothing: the core says when, and what follows from how it ended.
//
// Parameters may be passwords. They reach the program by a file in memory (stonith -F) or its stdin (a fence
// agent), never by its arguments, which everybody can read; and they are struck out of what it prints.
package stonith
