//! Styles that stay loaded.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use burn::tensor::Device;

use super::loaded::Loaded;
use crate::config::Direction;
use crate::style::{Manifest, StyleError, StyleFolder, generator_stem};

/// Memory of a network for each byte of its file: the weights, and copies in the order in which they are read.
const MEMORY_PER_BYTE: u64 = 2;

/// The part of the machine's memory that styles may take.
const SHARE: u64 = 4;

/// Memory that styles may take in any case.
const LEAST: u64 = 512 << 20;

/// A network in use.
pub(super) type SharedNetwork = Rc<RefCell<Loaded>>;

/// Networks by their styles, the most recently used last.
pub(super) struct StyleCache {
    device: Device,
    /// Bytes.
    room: u64,
    entries: Vec<Entry>,
}

struct Entry {
    key: Key,
    /// When its files were written.
    stamp: Vec<Option<SystemTime>>,
    bytes: u64,
    network: SharedNetwork,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    folder: PathBuf,
    direction: Direction,
    dropout: bool,
}

impl StyleCache {
    /// An empty one, for networks on `device`.
    pub(super) fn new(device: Device) -> Self {
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        Self::with_room(device, (system.total_memory() / SHARE).max(LEAST))
    }

    fn with_room(device: Device, room: u64) -> Self {
        Self {
            device,
            room,
            entries: Vec::new(),
        }
    }

    /// The network of a style, loaded unless it is here and its files are as they were.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub(super) fn get(
        &mut self,
        folder: &StyleFolder,
        manifest: &Manifest,
        direction: Option<Direction>,
        dropout: bool,
    ) -> Result<SharedNetwork, StyleError> {
        let recipe = &manifest.recipe;
        let direction = direction.unwrap_or(recipe.data.direction);
        let weights = folder.weights(generator_stem(recipe, direction).unwrap_or("generator"));
        let written = |path: &Path| path.metadata().and_then(|data| data.modified()).ok();
        let stamp = vec![written(&folder.manifest()), written(&weights)];
        let key = Key {
            folder: folder.path().to_owned(),
            direction,
            dropout,
        };
        if let Some(index) = self.entries.iter().position(|entry| entry.key == key) {
            let entry = self.entries.remove(index);
            if entry.stamp == stamp {
                let network = Rc::clone(&entry.network);
                self.entries.push(entry);
                return Ok(network);
            }
        }
        let bytes = weights.metadata().map_or(0, |data| data.len()) * MEMORY_PER_BYTE;
        while !self.entries.is_empty() && self.bytes() + bytes > self.room {
            self.entries.remove(0);
        }
        let loaded = Loaded::load(folder, manifest, Some(direction), dropout, &self.device)?;
        let network = Rc::new(RefCell::new(loaded));
        self.entries.push(Entry {
            key,
            stamp,
            bytes,
            network: Rc::clone(&network),
        });
        Ok(network)
    }

    fn bytes(&self) -> u64 {
        self.entries.iter().map(|entry| entry.bytes).sum()
    }
}
