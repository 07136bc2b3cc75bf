//! What files are that cannot be read as weights, and what to do with them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::pytorch::PickleError;

/// What helps with checkpoints that hold more than weights.
const ALONE: &str = "if PyTorch can read it, save the weights alone there: `torch.save(model.state_dict(), \"weights.pth\")`";

/// The folder of a distributed checkpoint, if `path` is one or a file in one.
pub(super) fn distributed_folder(path: &Path) -> Option<&Path> {
    if path.is_dir() {
        return path.join(".metadata").is_file().then_some(path);
    }
    let is_part = path.extension().is_some_and(|end| end == "distcp")
        || path.file_name().is_some_and(|name| name == ".metadata");
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    is_part.then_some(folder.unwrap_or(Path::new(".")))
}

pub(super) fn shards_message(folder: &Path) -> String {
    format!(
        "it is a part of a distributed checkpoint: join its parts with PyTorch, `python -m torch.distributed.checkpoint.format_utils dcp_to_torch {} weights.pth`, and import weights.pth",
        folder.display()
    )
}

/// What is wrong with a file that is not a whole checkpoint.
pub(super) fn checkpoint_message(error: &PickleError, path: &Path, start: &[u8]) -> String {
    if let PickleError::Foreign(message) = error {
        return message.clone();
    }
    let is_known = start.starts_with(b"PK")
        || start.first() == Some(&0x80)
        || start.get(257..262) == Some(b"ustar");
    if is_known {
        return match error {
            PickleError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                "it is cut off: copy it again".to_owned()
            }
            PickleError::Io(error) => format!("it is damaged: {error}"),
            error => format!("{error}; {ALONE}"),
        };
    }
    let text = start.trim_ascii_start();
    if start.iter().all(|byte| *byte == 0) && is_all_zeros(path).unwrap_or(false) {
        "all its bytes are zeros: it was not downloaded or copied to its end".to_owned()
    } else if text.starts_with(b"version https://git-lfs") {
        "it is a pointer of Git LFS: `git lfs pull` gets the file itself".to_owned()
    } else if text.starts_with(b"<") {
        "it is a web page: download the file itself".to_owned()
    } else if matches!(error, PickleError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof)
    {
        "it is cut off, or not a weight file".to_owned()
    } else {
        "it is neither a PyTorch checkpoint nor a safetensors file".to_owned()
    }
}

fn is_all_zeros(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut block = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut block)?;
        if count == 0 {
            return Ok(true);
        }
        if block[..count].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
}
