// Package seqtrack follows one sender's numbers: which message is new, which was seen, which
// belongs to an earlier life of the sender, which are missing and when to ask for them. It is pure.
package seqtrack
