package simulate

import "testing"

// TestNoGuaranteeIsBrokenBy plays what once broke a rule that was wrong, each with what the rule did not know.
func TestNoGuaranteeIsBrokenBy(t *testing.T) {
	for why, script := range map[string]string{
		"the last beat of the other was still on its way": `
group alpha web1
nodes alpha beta
boot alpha
slow 73ms
advance 5.06s
crash alpha
boot beta
advance 17s
owners
`,
		"two replacements and a stall, without a beat in between": `
options keepalive=1s deadtime=12s stonith=on
group beta web1
nodes alpha beta
device alpha works 7.584s
calm 12s
device alpha fails 1
key alpha other
advance 26s
key alpha
replace alpha
advance 7s
stall alpha 31.257s decider
advance 21s
replace alpha
advance 30s
owners
`,
		"a stall, a replacement and a stall: the first counts": `
options keepalive=2s deadtime=22s
nodes alpha beta
boot alpha
boot beta
advance 100ms
stall beta 33.964s
advance 1s
crash alpha
advance 36s
replace beta
advance 3.906s
stall beta 11.287s
advance 30s
owners
`,
		"an hb_takeover that was lost is obeyed when it comes": `
options keepalive=1s deadtime=6s auto_failback=on
group alpha fs4
nodes alpha beta
dice 38807
boot alpha
boot beta
deafen alpha beta
loss 55
takeover beta all
advance 10s
calm 7.1s
advance 1s
owners
`,
		"the same while a haresources is reloaded": `
group alpha ip4
nodes alpha beta
boot alpha
boot beta
advance 100ms
cut beta
takeover beta foreign
mend beta
advance 20ms
edit alpha beta ip1 fs1 web1 ip3 fs3 web3 ; beta ip2 fs2 web2 ; alpha ip4 fs4
replace alpha
advance 1s
owners
`,
		"a beat came before the daemon, which could not write, had begun": `
options keepalive=500ms deadtime=2s initdead=6.521s
nodes alpha beta
own beta deadtime=7.5s
boot beta
disk alpha full
advance 2m47.948s
boot alpha
advance 1.379s
kill beta
advance 10s
owners
`,
		"a group that was made during the split: nobody held it before": `
options auto_failback=off
group alpha ip1 fs1
group beta ip2
nodes alpha beta
calm 5s
advance 25s
cut alpha
advance 30s
edit alpha alpha ip1 fs1 ; beta ip2 ; alpha new
mend alpha
advance 30s
`,
	} {
		plan, err := ReadPlan(script)
		if err != nil {
			t.Fatalf("%s: %v", why, err)
		}
		if r, err := Play(plan, nil); err != nil || r.Failure != nil {
			t.Errorf("%s: %v, %v", why, err, r.Failure)
		}
	}
}
