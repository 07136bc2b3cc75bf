//! The programs that start processes together.

/// Who has started the processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Launcher {
    /// Who sets `RANK` and `WORLD_SIZE`.
    Variables,
    /// `srun`.
    Slurm,
    /// Open MPI's `mpirun`.
    OpenMpi,
}

impl Launcher {
    /// The variables with the number of the process, the number of processes, and its number on its machine.
    pub(super) fn names(self) -> [&'static str; 3] {
        match self {
            Self::Variables => ["RANK", "WORLD_SIZE", "LOCAL_RANK"],
            Self::Slurm => ["SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"],
            Self::OpenMpi => [
                "OMPI_COMM_WORLD_RANK",
                "OMPI_COMM_WORLD_SIZE",
                "OMPI_COMM_WORLD_LOCAL_RANK",
            ],
        }
    }

    /// What sets the rendezvous point, to be pasted.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Variables => {
                "add `export MASTER_ADDR=HOST MASTER_PORT=29500` with the machine of process 0, the same for all"
            }
            Self::Slurm => {
                "add `export MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1) \
                 MASTER_PORT=$((20000 + SLURM_JOB_ID % 10000))` to the job script, before `srun`"
            }
            Self::OpenMpi => {
                "add `-x MASTER_ADDR=HOST -x MASTER_PORT=29500` to `mpirun`, with the machine of process 0"
            }
        }
    }
}
