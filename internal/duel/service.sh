#!/bin/sh
# A service that does nothing but say when it is called, and remember whether it runs. Only what the
# shell has built in: no program is started.
read -r host </proc/sys/kernel/hostname
echo "$host service $1" >/lab/calls
status=0
case $1 in
start) echo running >/run/service ;;
stop) echo stopped >/run/service ;;
status)
	state=stopped
	[ ! -e /run/service ] || read -r state </run/service
	echo "service is $state"
	[ "$state" = running ] || status=3
	;;
esac
echo "$host service $1-done" >/lab/calls
exit $status
