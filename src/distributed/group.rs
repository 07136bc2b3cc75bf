//! Processes that train together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use burn::tensor::Tensor;

use super::difference::difference;
use super::engine::{GpuGroup, Nccl, ProcessGroup};
use super::error::GroupError;
use super::join::join;
use super::launch::Launch;
use super::signal::Signal;

/// How long the others wait, at least, for the process that writes files, computes previews and measures.
const PATIENCE: Duration = Duration::from_mins(30);
/// What a process sends instead of a [`Signal`] when it has failed.
const FAILED: u8 = u8::MAX;
/// Bytes of an error message that the others are told.
const MAX_MESSAGE: usize = 4096;

/// A group of processes that train together, or a process that is alone, for which nothing here is anything to do.
///
/// All processes call the same functions in the same order. One that fails on its own calls [`Group::conclude`] instead, and the
/// others learn of it from what they call next: all but [`Group::sum`] and [`Group::collect_numbers`] begin with an agreement. Clones
/// are the same group.
#[derive(Debug, Clone)]
pub struct Group {
    rank: usize,
    size: usize,
    limit: Duration,
    engine: Option<Arc<Mutex<ProcessGroup>>>,
    /// The way from GPU to GPU, where there is one.
    gpus: Option<Arc<Mutex<GpuGroup>>>,
    /// Whether the others can be told something.
    is_connected: Arc<AtomicBool>,
}

impl Group {
    /// A process that is alone.
    pub fn alone() -> Self {
        Self {
            rank: 0,
            size: 1,
            limit: Duration::ZERO,
            engine: None,
            gpus: None,
            is_connected: Arc::default(),
        }
    }

    /// The group of the processes of `launch`, when all of them are there. One may let the others wait for `limit`.
    ///
    /// # Errors
    /// The program has no engine for several processes, or they do not find each other.
    pub fn join(launch: &Launch, limit: Duration) -> Result<Self, GroupError> {
        let engine = join(launch, limit)?;
        Ok(Self {
            rank: launch.rank,
            size: launch.size,
            limit,
            is_connected: Arc::new(AtomicBool::new(engine.is_some())),
            engine: engine.map(|engine| Arc::new(Mutex::new(engine))),
            gpus: None,
        })
    }

    /// The same group, whose processes sum up numbers on their GPUs, by NCCL; this one has `gpu`. All processes ask for it.
    ///
    /// # Errors
    /// NCCL is not there or finds no way; or as [`Group::agree`].
    pub fn with_gpus(&self, gpu: usize) -> Result<Self, GroupError> {
        if self.engine.is_none() {
            return Ok(self.clone());
        }
        let nccl = Nccl::load().map_err(GroupError::NoNccl)?;
        let own = if self.is_leader() {
            nccl.new_id().map_err(GroupError::NoNccl)?
        } else {
            Vec::new()
        };
        let id = self.share(own)?;
        // Whoever cannot has said so by now: NCCL would wait for it.
        self.agree(Signal::Continue, true)?;
        let gpus = GpuGroup::join(nccl, &id, [self.rank, self.size], gpu);
        Ok(Self {
            gpus: Some(Arc::new(Mutex::new(gpus.map_err(GroupError::NoNccl)?))),
            ..self.clone()
        })
    }

    /// Number of this process, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many processes there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether this process writes the files of all.
    pub fn is_leader(&self) -> bool {
        self.rank == 0
    }

    /// Replaces the numbers by their sums over all processes, with the same bits in each. All must be known to come.
    ///
    /// # Errors
    /// Another process is gone or silent.
    pub fn sum(&self, values: &mut [f32]) -> Result<(), GroupError> {
        match self.engine() {
            Some(engine) if !values.is_empty() => {
                self.checked(self.limit, engine.sum(values, self.limit))
            }
            _ => Ok(()),
        }
    }

    /// Whether numbers go from GPU to GPU: [`Group::with_gpus`].
    pub fn has_gpus(&self) -> bool {
        self.gpus.is_some()
    }

    /// The sums of numbers on the GPUs of all processes; the numbers themselves where there is no way from GPU to GPU. All must be
    /// known to come.
    ///
    /// # Errors
    /// Another process is gone or silent.
    pub fn sum_on_gpus(&self, values: Tensor<1>) -> Result<Tensor<1>, GroupError> {
        let Some(gpus) = &self.gpus else {
            return Ok(values);
        };
        let mut gpus = gpus.lock().unwrap_or_else(PoisonError::into_inner);
        self.checked(self.limit, gpus.sum(values, self.limit))
    }

    /// The numbers of each process, in order of rank. All give as many, and must be known to come.
    ///
    /// # Errors
    /// Another process is gone or silent.
    pub fn collect_numbers(&self, own: &[f32]) -> Result<Vec<Vec<f32>>, GroupError> {
        let Some(engine) = self.engine() else {
            return Ok(vec![own.to_vec()]);
        };
        let mut bytes: Vec<u8> = own.iter().flat_map(|number| number.to_le_bytes()).collect();
        let all = self.checked(self.limit, engine.collect(&mut bytes, self.limit))?;
        let (numbers, _) = all.as_chunks();
        let numbers: Vec<f32> = numbers
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect();
        Ok(numbers
            .chunks(own.len().max(1))
            .map(<[f32]>::to_vec)
            .collect())
    }

    /// The strongest signal of all processes. Where the leader may be busy with files, the others have `patience`.
    ///
    /// # Errors
    /// Another process has failed, is gone or silent.
    pub fn agree(&self, own: Signal, patience: bool) -> Result<Signal, GroupError> {
        let Some(engine) = self.engine() else {
            return Ok(own);
        };
        let limit = if patience {
            self.limit.max(PATIENCE)
        } else {
            self.limit
        };
        let all = self.exchange(&engine, own as u8, "", limit)?;
        let signals = all.into_iter().map(Signal::from_number);
        Ok(signals.max().unwrap_or(own))
    }

    /// What the leader has, in all processes.
    ///
    /// # Errors
    /// As [`Group::agree`].
    pub fn share(&self, own: Vec<u8>) -> Result<Vec<u8>, GroupError> {
        self.agree(Signal::Continue, true)?;
        match self.engine() {
            Some(engine) => self.broadcast(&engine, own, 0),
            None => Ok(own),
        }
    }

    /// Checks that each part, lines of text by name, is the same in all processes.
    ///
    /// # Errors
    /// It is not; or as [`Group::agree`].
    pub fn compare(&self, parts: &[(&'static str, String)]) -> Result<(), GroupError> {
        self.agree(Signal::Continue, true)?;
        let Some(engine) = self.engine() else {
            return Ok(());
        };
        for (part, text) in parts {
            let all = self.collect(&engine, text.as_bytes())?;
            let texts: Vec<_> = all
                .iter()
                .map(|text| String::from_utf8_lossy(text))
                .collect();
            if let Some(rank) = texts.iter().position(|text| *text != texts[0]) {
                self.disconnect();
                return Err(GroupError::Unequal {
                    rank,
                    part,
                    difference: difference(&texts[0], &texts[rank]),
                });
            }
        }
        Ok(())
    }

    /// What each process has, in order of rank, in the leader; nothing in the others.
    ///
    /// # Errors
    /// As [`Group::agree`].
    pub fn gather(&self, mut own: Vec<u8>) -> Result<Vec<Vec<u8>>, GroupError> {
        self.agree(Signal::Continue, true)?;
        let Some(engine) = self.engine() else {
            return Ok(vec![own]);
        };
        let lengths = self.lengths(&engine, own.len())?;
        if !self.is_leader() {
            self.checked(self.limit, engine.send(&mut own, 0, self.limit))?;
            return Ok(Vec::new());
        }
        let mut all = vec![own];
        for (rank, &length) in lengths.iter().enumerate().skip(1) {
            let mut bytes = vec![0; length];
            self.checked(self.limit, engine.receive(&mut bytes, rank, self.limit))?;
            all.push(bytes);
        }
        Ok(all)
    }

    /// Of the leader's bytes for each process, in order of rank, those for this one.
    ///
    /// # Errors
    /// As [`Group::agree`].
    pub fn scatter(&self, all: Vec<Vec<u8>>) -> Result<Vec<u8>, GroupError> {
        self.agree(Signal::Continue, true)?;
        let Some(engine) = self.engine() else {
            return Ok(all.into_iter().next().unwrap_or_default());
        };
        let lengths = all
            .iter()
            .flat_map(|bytes| (bytes.len() as u64).to_le_bytes());
        let lengths = self.broadcast(&engine, lengths.collect(), 0)?;
        let (lengths, _) = lengths.as_chunks();
        if self.is_leader() {
            let mut all = all.into_iter();
            let first = all.next().unwrap_or_default();
            for (rank, mut bytes) in (1..).zip(all).filter(|(_, bytes)| !bytes.is_empty()) {
                self.checked(self.limit, engine.send(&mut bytes, rank, self.limit))?;
            }
            return Ok(first);
        }
        let length = lengths
            .get(self.rank)
            .map_or(0, |length| u64::from_le_bytes(*length));
        let mut bytes = vec![0; length as usize];
        if !bytes.is_empty() {
            self.checked(self.limit, engine.receive(&mut bytes, 0, self.limit))?;
        }
        Ok(bytes)
    }

    /// Ends the work of all: with success when they have none of them failed, else tells the others of this process's `failure`.
    /// Nothing happens where the group has ended with an error that all know.
    ///
    /// # Errors
    /// Another process has failed, is gone or silent.
    pub fn conclude(&self, failure: Option<&str>) -> Result<(), GroupError> {
        let is_connected = self.is_connected.load(Ordering::Relaxed);
        let Some(engine) = self.engine().filter(|_| is_connected) else {
            return Ok(());
        };
        let signal = failure.map_or(Signal::Continue as u8, |_| FAILED);
        let limit = self.limit.max(PATIENCE);
        self.exchange(&engine, signal, failure.unwrap_or_default(), limit)?;
        self.disconnect();
        Ok(())
    }

    /// The engine, where there are others.
    fn engine(&self) -> Option<MutexGuard<'_, ProcessGroup>> {
        let engine = self.engine.as_ref()?;
        // The engine itself is whole, whatever has become of a thread that called it.
        Some(engine.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers that the others are not listening any more.
    fn disconnect(&self) {
        self.is_connected.store(false, Ordering::Relaxed);
    }

    /// The numbers of all processes, unless one of them is [`FAILED`].
    fn exchange(
        &self,
        engine: &ProcessGroup,
        own: u8,
        message: &str,
        limit: Duration,
    ) -> Result<Vec<u8>, GroupError> {
        let all = self.checked(limit, engine.collect(&mut [own], limit))?;
        let Some(rank) = all.iter().position(|&number| number == FAILED) else {
            return Ok(all);
        };
        let mut message = message.as_bytes().to_vec();
        message.truncate(MAX_MESSAGE);
        let message = self.broadcast(engine, message, rank)?;
        self.disconnect();
        Err(GroupError::Other {
            rank,
            message: String::from_utf8_lossy(&message).into_owned(),
        })
    }

    /// The bytes of process `root`.
    fn broadcast(
        &self,
        engine: &ProcessGroup,
        mut bytes: Vec<u8>,
        root: usize,
    ) -> Result<Vec<u8>, GroupError> {
        let mut length = (bytes.len() as u64).to_le_bytes();
        self.checked(self.limit, engine.broadcast(&mut length, root, self.limit))?;
        bytes.resize(u64::from_le_bytes(length) as usize, 0);
        if !bytes.is_empty() {
            self.checked(self.limit, engine.broadcast(&mut bytes, root, self.limit))?;
        }
        Ok(bytes)
    }

    /// The bytes of all processes, in all of them.
    fn collect(&self, engine: &ProcessGroup, own: &[u8]) -> Result<Vec<Vec<u8>>, GroupError> {
        let lengths = self.lengths(engine, own.len())?;
        let longest = lengths.iter().copied().max().unwrap_or(0).max(1);
        let mut padded = own.to_vec();
        padded.resize(longest, 0);
        let all = self.checked(self.limit, engine.collect(&mut padded, self.limit))?;
        let parts = all.chunks(longest).zip(lengths);
        Ok(parts
            .map(|(part, length)| part[..length].to_vec())
            .collect())
    }

    fn lengths(&self, engine: &ProcessGroup, own: usize) -> Result<Vec<usize>, GroupError> {
        let mut own = (own as u64).to_le_bytes();
        let all = self.checked(self.limit, engine.collect(&mut own, self.limit))?;
        let (lengths, _) = all.as_chunks();
        Ok(lengths
            .iter()
            .map(|&length| u64::from_le_bytes(length) as usize)
            .collect())
    }

    /// The result of the engine; after an error the group is of no use.
    fn checked<T>(&self, limit: Duration, result: Result<T, String>) -> Result<T, GroupError> {
        result.map_err(|message| {
            self.disconnect();
            let other = (self.size == 2).then_some(1 - self.rank.min(1));
            GroupError::of_engine(message, other, limit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_alone_agrees_with_itself() {
        let group = Group::alone();
        let mut values = [1.0, 2.0];
        group.sum(&mut values).unwrap();
        assert_eq!(values.map(f32::to_bits), [1.0f32, 2.0].map(f32::to_bits));
        assert_eq!(group.agree(Signal::Stop, false).unwrap(), Signal::Stop);
        assert_eq!(group.share(vec![3]).unwrap(), [3]);
        assert_eq!(group.gather(vec![4]).unwrap(), [[4]]);
        group.compare(&[("recipe", "a".to_owned())]).unwrap();
        group.conclude(Some("failed")).unwrap();
    }
}
