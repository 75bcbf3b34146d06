// Package scenario is a small world in virtual time around real cores: nodes with scripts and
// running resources, cables that can be cut, operators, power cuts. It plays the scripts of
// testdata/scenarios and carries the seeded simulation. Nothing in it is random or waits.
package scenario
