#!/usr/bin/env bash
# Starts a Slurm of two nodes on this machine, trains a small style with two tasks under `srun`, and ends Slurm again:
#
#   scripts/slurm-loopback.sh [PROGRAM]     the program must be built with the feature `libtorch`
#
# Needs root, and Debian's packages slurm-wlm and munge (apt-get install --no-install-recommends slurm-wlm munge). Where they are
# missing, or Slurm itself does not start, it says SKIPPED and ends well: what fails after that is the program's.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "${1:-target/release/translate}")
work=$(mktemp -d)
started=()

finish() {
    # The last first: the controller is told when its nodes go.
    for ((index = ${#started[@]} - 1; index >= 0; index--)); do
        kill "${started[index]}" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

skip() {
    tail -n 20 "$work"/log/* >&2
    echo "SKIPPED: $1"
    exit 0
}

for tool in munged slurmctld slurmd srun; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIPPED: $tool is not installed"
        exit 0
    fi
done
if [[ $(id -u) != 0 ]]; then
    echo "SKIPPED: Slurm's daemons need root here"
    exit 0
fi

# Munge wants a folder that nobody else can write to, up to the root.
chmod 755 "$work"
mkdir -p "$work/state" "$work/log"
dd if=/dev/urandom of="$work/munge.key" bs=1024 count=1 status=none
chmod 400 "$work/munge.key"
host=$(hostname -s)
cat >"$work/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=16817
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool.%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.%n.pid
SlurmctldLogFile=$work/log/slurmctld
SlurmdLogFile=$work/log/slurmd.%n
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=16821 CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=16822 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf

munged --foreground --force --key-file="$work/munge.key" --socket="$work/munge.sock" --pid-file="$work/munged.pid" \
    --log-file="$work/log/munged" --seed-file="$work/munged.seed" 2>"$work/log/munged.error" &
started+=($!)
until [[ -S $work/munge.sock ]]; do
    kill -0 "${started[0]}" || skip "munged does not start"
    sleep 0.1
done
slurmctld -D -f "$SLURM_CONF" &>"$work/log/slurmctld.out" &
started+=($!)
for node in n1 n2; do
    slurmd -D -f "$SLURM_CONF" -N "$node" &>"$work/log/slurmd.$node.out" &
    started+=($!)
done
for ((tries = 0; ; tries++)); do
    [[ $(sinfo -h -t idle -o %D 2>/dev/null) != 2 ]] || break
    ((tries < 300)) || skip "Slurm's nodes do not come up"
    sleep 0.1
done

# As in a job script: what the tasks need to find each other, then the tasks.
cat >"$work/job.sh" <<JOB
#!/bin/bash
export MASTER_ADDR=127.0.0.1 MASTER_PORT=\$((20000 + SLURM_JOB_ID % 10000)) OMP_NUM_THREADS=1
cd $work
srun $program --device cpu train --mode pix2pix --name slurm --steps 6 --timeout 60 --set train.log_every=1 \
    --set generator.channels=4 --set discriminator.channels=4
JOB
sbatch --wait --ntasks 2 --nodes 2 --output "$work/job.log" "$work/job.sh" || { cat "$work/job.log" >&2; exit 1; }
cat "$work/job.log"
steps=$(wc -l <"$work/checkpoints/slurm/metrics.jsonl")
[[ $steps == 6 ]] || { echo "$steps of 6 steps are logged" >&2; exit 1; }
grep -q '2 processes train together' "$work/job.log"
echo "two tasks under srun have trained together"
