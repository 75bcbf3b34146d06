// Package bz2 writes bzip2, which Go's library only reads: `compression bz2` of ha.cf. It is pure.
//
// A stream is made of blocks of at most 100 kB (3.0.6: block size 1), each on its own: runs of one byte are
// shortened, the block is replaced by the last column of its sorted rotations (Burrows and Wheeler), that by
// distances of moving to the front, and those by one of up to six Huffman codes, fifty at a time.
package bz2
