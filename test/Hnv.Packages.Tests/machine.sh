#!/usr/bin/env bash
# machine.sh DIRECTORY BUILD: turns this process into the systemd of a machine of its own. To be run as the first process of new mount, PID, UTS, IPC,
# network and cgroup name spaces.
# The machine's files are this one's, with changes kept apart in DIRECTORY: a fresh Debian as far as units and /var/lib/hnv are concerned.
# BUILD, a build of src/Hnv.Cli, is its /srv.
set -euo pipefail
directory=$1 build=$2
mount --make-rprivate /
mount -t tmpfs machine "$directory"
mkdir "$directory"/{upper,work,root}
mount -t overlay machine -o "lowerdir=/,upperdir=$directory/upper,workdir=$directory/work" "$directory/root"
cd "$directory/root"

mount --bind "$build" srv
mount -t proc proc proc
# Settings of the network are the machine's own, those of the kernel everybody's.
for setting in kernel fs vm; do
    mount --bind "proc/sys/$setting" "proc/sys/$setting"
    mount -o remount,ro,bind "proc/sys/$setting"
done
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t tmpfs run run
mount -t tmpfs tmp tmp
mount -t tmpfs -o mode=755 dev dev
for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd

# Nothing starts but what is installed here.
rm -rf etc/systemd/system etc/hnv etc/sysusers.d/hnv* etc/tmpfiles.d/hnv* usr/local/lib/hnv usr/local/bin/hnv usr/lib/hnv usr/bin/hnv var/lib/hnv usr/sbin/policy-rc.d
rm -rf lib/systemd/system/{sysinit,sockets,local-fs,timers,multi-user,basic}.target.wants
mkdir -p etc/systemd/system
: >etc/fstab
printf '[Unit]\nDescription=A machine for tests\nRequires=basic.target\nAfter=basic.target\n' >etc/systemd/system/machine.target
for service in agent controller; do
    mkdir -p "etc/systemd/system/hnv-$service.service.d"
    printf '[Service]\nStandardOutput=append:/var/log/hnv-%s.log\nStandardError=append:/var/log/hnv-%s.log\n' $service $service >"etc/systemd/system/hnv-$service.service.d/log.conf"
done

pivot_root . mnt
umount -l mnt
exec env -i container=hnv PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=machine.target --show-status=no --log-target=null
