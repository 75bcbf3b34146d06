// Package model checks the Promela model of testdata/model with Spin: it builds the verifier once,
// runs each configuration completely, and reads what the verifier says. A search that was cut short
// in any way (memory, depth, time) is an error and said with its figures, never a result.
package model
