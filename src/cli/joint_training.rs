//! What the processes of one training tell each other before it begins: what the leader alone reads from its disk.

use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::usage::UsageError;
use crate::device::DeviceName;
use crate::distributed::Group;
use crate::style::Manifest;

/// How gradients get from process to process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ExchangeWay {
    /// By way of the processor, on every device.
    Host,
    /// From GPU to GPU, by NCCL (libtorch-cuda).
    Nccl,
}

impl ExchangeWay {
    /// The group, whose processes go this way.
    ///
    /// # Errors
    /// The device is no GPU of LibTorch's, or the way is blocked.
    pub(super) fn open(self, group: &Group, device: DeviceName) -> anyhow::Result<Group> {
        match (self, device) {
            (Self::Host, _) => Ok(group.clone()),
            (Self::Nccl, DeviceName::LibTorchCuda(gpu)) => Ok(group.with_gpus(gpu)?),
            (Self::Nccl, device) => Err(UsageError::NoGpus(device.to_string()).into()),
        }
    }
}

/// What a training follows from besides the command line, which all processes have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Beginning {
    /// Name of the style.
    pub(super) name: String,
    /// The style whose recipe is taken over.
    pub(super) inherited: Option<Manifest>,
    /// The run that goes on.
    pub(super) before: Option<Manifest>,
}

/// [`Beginning`] as text; manifests in TOML, as in `style.toml`.
#[derive(Serialize, Deserialize)]
struct Message {
    name: String,
    inherited: Option<String>,
    before: Option<String>,
}

impl Beginning {
    /// The leader's, in all processes; `own` is that of this process, if it leads.
    ///
    /// # Errors
    /// Another process has failed.
    pub(super) fn shared(group: &Group, own: Option<Self>) -> anyhow::Result<Self> {
        if group.size() == 1
            && let Some(own) = own
        {
            return Ok(own);
        }
        let text = |manifest: Option<Manifest>| manifest.map(|manifest| manifest.to_toml());
        let message = own.map(|own| Message {
            name: own.name,
            inherited: text(own.inherited),
            before: text(own.before),
        });
        let bytes = serde_json::to_vec(&message).context("names are text")?;
        let received: Option<Message> = serde_json::from_slice(&group.share(bytes)?)?;
        let message = received.context("the leader has sent nothing")?;
        let manifest = |text: Option<String>| {
            let read =
                |text: String| Manifest::from_toml(&text, Path::new("the leader's style.toml"));
            text.map(read).transpose()
        };
        Ok(Self {
            name: message.name,
            inherited: manifest(message.inherited)?,
            before: manifest(message.before)?,
        })
    }
}
