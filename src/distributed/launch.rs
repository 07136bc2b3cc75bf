//! What a launcher tells a process of its place among others, in environment variables.
//!
//! `torchrun`, a Kubernetes PyTorchJob and people set `RANK` and `WORLD_SIZE`; `srun` and Open MPI's `mpirun` have names of their
//! own. Slurm sets its numbers in a job script too, where nobody has started other processes: they are believed in a step alone,
//! which has `SLURM_STEP_ID`.

use std::collections::BTreeMap;

use super::error::LaunchError;
use super::launcher::Launcher;

/// Environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// The place of a process among those that train together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Number of the process, from 0; the first leads.
    pub rank: usize,
    /// How many processes there are.
    pub size: usize,
    /// Number among those on the same machine, from 0.
    pub local_rank: usize,
    /// How many processes are on the same machine, as far as the launcher tells; else 1.
    pub local_size: usize,
    /// How often the launcher has started all of them again.
    pub restarts: u64,
    /// Where they meet; a process that is alone meets nobody.
    pub rendezvous: Option<Rendezvous>,
}

/// Where processes find each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendezvous {
    /// Name or address of the machine of the first process.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether the first process listens there itself; else its launcher does.
    pub is_served: bool,
    /// The network interface through which to talk, where one is named.
    pub interface: Option<String>,
}

impl Launch {
    /// A process that nobody has started with others.
    pub const ALONE: Self = Self {
        rank: 0,
        size: 1,
        local_rank: 0,
        local_size: 1,
        restarts: 0,
        rendezvous: None,
    };

    /// What `variables` say.
    ///
    /// # Errors
    /// One of them is missing or wrong.
    pub fn from_variables(variables: &Variables) -> Result<Self, LaunchError> {
        let restarts = number(variables, "TORCHELASTIC_RESTART_COUNT")?.unwrap_or(0) as u64;
        let Some((launcher, rank, size)) = place(variables)? else {
            return Ok(Self {
                restarts,
                ..Self::ALONE
            });
        };
        if rank >= size {
            let [rank_name, size_name, _] = launcher.names();
            return Err(LaunchError::RankTooLarge {
                rank: (rank_name, rank),
                size: (size_name, size),
            });
        }
        if size == 1 {
            return Ok(Self {
                restarts,
                ..Self::ALONE
            });
        }
        let [_, _, local] = launcher.names();
        Ok(Self {
            rank,
            size,
            local_rank: number(variables, local)?.unwrap_or(0),
            local_size: local_size(launcher, variables)?.max(1),
            restarts,
            rendezvous: Some(Rendezvous::from_variables(launcher, size, variables)?),
        })
    }
}

impl Rendezvous {
    fn from_variables(
        launcher: Launcher,
        size: usize,
        variables: &Variables,
    ) -> Result<Self, LaunchError> {
        let missing = |name| LaunchError::NoRendezvous {
            size,
            missing: name,
            launcher,
        };
        let host = text(variables, "MASTER_ADDR").ok_or_else(|| missing("MASTER_ADDR"))?;
        let port = text(variables, "MASTER_PORT").ok_or_else(|| missing("MASTER_PORT"))?;
        Ok(Self {
            host: host.to_owned(),
            port: port.parse().map_err(|_| LaunchError::NotANumber {
                name: "MASTER_PORT",
                value: port.to_owned(),
            })?,
            // The agent of `torchrun` listens there, and a process cannot.
            is_served: text(variables, "TORCHELASTIC_USE_AGENT_STORE") != Some("True"),
            interface: text(variables, "GLOO_SOCKET_IFNAME").map(str::to_owned),
        })
    }
}

/// The launcher, the number of the process and how many there are.
fn place(variables: &Variables) -> Result<Option<(Launcher, usize, usize)>, LaunchError> {
    for launcher in [Launcher::Variables, Launcher::Slurm, Launcher::OpenMpi] {
        if launcher == Launcher::Slurm && text(variables, "SLURM_STEP_ID").is_none() {
            continue;
        }
        let [rank, size, _] = launcher.names();
        match (number(variables, rank)?, number(variables, size)?) {
            (Some(rank), Some(size)) => return Ok(Some((launcher, rank, size))),
            (None, None) => {}
            (Some(_), None) => {
                return Err(LaunchError::Half {
                    set: rank,
                    unset: size,
                });
            }
            (None, Some(_)) => {
                return Err(LaunchError::Half {
                    set: size,
                    unset: rank,
                });
            }
        }
    }
    Ok(None)
}

/// How many processes are on this machine.
fn local_size(launcher: Launcher, variables: &Variables) -> Result<usize, LaunchError> {
    let name = match launcher {
        Launcher::Variables => "LOCAL_WORLD_SIZE",
        Launcher::OpenMpi => "OMPI_COMM_WORLD_LOCAL_SIZE",
        Launcher::Slurm => {
            let machine = number(variables, "SLURM_NODEID")?.unwrap_or(0);
            let counts = text(variables, "SLURM_TASKS_PER_NODE").unwrap_or_default();
            return Ok(tasks_of(counts, machine).unwrap_or(1));
        }
    };
    Ok(number(variables, name)?.unwrap_or(1))
}

/// The tasks of one machine in Slurm's list for all, such as `2(x3),1`.
fn tasks_of(counts: &str, machine: usize) -> Option<usize> {
    let mut seen = 0;
    for group in counts.split(',') {
        let (count, times) = match group.split_once("(x") {
            Some((count, times)) => (count, times.trim_end_matches(')').parse().ok()?),
            None => (group, 1_usize),
        };
        seen += times;
        if machine < seen {
            return count.trim().parse().ok();
        }
    }
    None
}

fn text<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    let value = variables.get(name)?.trim();
    (!value.is_empty()).then_some(value)
}

fn number(variables: &Variables, name: &'static str) -> Result<Option<usize>, LaunchError> {
    let Some(value) = text(variables, name) else {
        return Ok(None);
    };
    match value.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => Err(LaunchError::NotANumber {
            name,
            value: value.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(text: &str) -> Result<Launch, String> {
        let pairs = text.split_whitespace().filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Launch::from_variables(&pairs.collect()).map_err(|error| error.to_string())
    }

    const MASTER: &str = "MASTER_ADDR=node1 MASTER_PORT=29500";

    #[test]
    fn a_process_alone_needs_nothing() {
        assert_eq!(launch(""), Ok(Launch::ALONE));
        assert_eq!(
            launch("RANK=0 WORLD_SIZE=1 LOCAL_RANK=0"),
            Ok(Launch::ALONE)
        );
        assert_eq!(launch("RANK= WORLD_SIZE="), Ok(Launch::ALONE));
        assert_eq!(
            launch("RANK=0 WORLD_SIZE=1 TORCHELASTIC_RESTART_COUNT=2")
                .unwrap()
                .restarts,
            2
        );
    }

    #[test]
    fn each_launcher_is_understood() {
        let torchrun = launch(&format!(
            "RANK=3 WORLD_SIZE=4 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 TORCHELASTIC_RESTART_COUNT=1 \
             TORCHELASTIC_USE_AGENT_STORE=True SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=2 {MASTER}"
        ))
        .unwrap();
        assert_eq!((torchrun.rank, torchrun.size), (3, 4));
        assert_eq!((torchrun.local_rank, torchrun.local_size), (1, 2));
        assert_eq!(torchrun.restarts, 1);
        let rendezvous = torchrun.rendezvous.unwrap();
        assert_eq!(
            (
                rendezvous.host.as_str(),
                rendezvous.port,
                rendezvous.is_served
            ),
            ("node1", 29500, false)
        );

        let by_hand = launch(&format!(
            "RANK=0 WORLD_SIZE=2 GLOO_SOCKET_IFNAME=eth1 {MASTER}"
        ))
        .unwrap();
        assert_eq!((by_hand.local_rank, by_hand.local_size), (0, 1));
        let rendezvous = by_hand.rendezvous.unwrap();
        assert!(rendezvous.is_served);
        assert_eq!(rendezvous.interface.as_deref(), Some("eth1"));

        let slurm = launch(&format!(
            "SLURM_STEP_ID=0 SLURM_PROCID=5 SLURM_NTASKS=7 SLURM_LOCALID=1 SLURM_NODEID=2 SLURM_TASKS_PER_NODE=2(x3),1 {MASTER}"
        ))
        .unwrap();
        assert_eq!(
            (slurm.rank, slurm.size, slurm.local_rank, slurm.local_size),
            (5, 7, 1, 2)
        );

        let mpi = launch(&format!(
            "OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_LOCAL_RANK=1 OMPI_COMM_WORLD_LOCAL_SIZE=2 {MASTER}"
        ))
        .unwrap();
        assert_eq!(
            (mpi.rank, mpi.size, mpi.local_rank, mpi.local_size),
            (1, 2, 1, 2)
        );
    }

    #[test]
    fn slurm_is_not_believed_in_a_job_script() {
        assert_eq!(
            launch("SLURM_PROCID=0 SLURM_NTASKS=2 SLURM_JOB_ID=7"),
            Ok(Launch::ALONE)
        );
    }

    #[test]
    fn tasks_are_those_of_the_machine() {
        assert_eq!(tasks_of("2(x3),1", 0), Some(2));
        assert_eq!(tasks_of("2(x3),1", 3), Some(1));
        assert_eq!(tasks_of("4", 0), Some(4));
        assert_eq!(tasks_of("4", 1), None);
        assert_eq!(tasks_of("", 0), None);
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_its_remedy() {
        let message = |text: &str| launch(text).unwrap_err();
        assert_eq!(
            message("RANK=0 WORLD_SIZE=2 MASTER_ADDR=node1"),
            "this is one of 2 processes, and MASTER_PORT does not say where they meet: \
             add `export MASTER_ADDR=HOST MASTER_PORT=29500` with the machine of process 0, the same for all"
        );
        assert!(
            message("SLURM_STEP_ID=0 SLURM_PROCID=0 SLURM_NTASKS=2")
                .contains("scontrol show hostnames")
        );
        assert!(
            message("OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2").contains("-x MASTER_ADDR")
        );
        assert_eq!(
            message("RANK=1"),
            "RANK is set and WORLD_SIZE is not: set both, or neither for one process"
        );
        assert_eq!(
            message("WORLD_SIZE=2"),
            "WORLD_SIZE is set and RANK is not: set both, or neither for one process"
        );
        assert_eq!(
            message("RANK=2 WORLD_SIZE=2"),
            "RANK is 2 and WORLD_SIZE is 2: processes are counted from 0"
        );
        assert_eq!(
            message("RANK=one WORLD_SIZE=2"),
            "RANK is `one`, which is no number"
        );
        assert_eq!(
            message("RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=99999"),
            "MASTER_PORT is `99999`, which is no number up to 65535"
        );
    }
}
