// Package agents holds no code: its tests call the resource scripts of etc/ha.d/resource.d, with stand-ins
// for the programs they run. What those scripts share is in hto-mapfuncs there.
package agents
