//! `translate devices`.

use super::exit::Exit;
use super::output::print;
use crate::device::{DeviceError, DeviceName};

pub(super) fn run() -> anyhow::Result<Exit> {
    for name in DeviceName::listed() {
        let state = match name.open() {
            Ok(_) => name
                .description()
                .map_or("ready".to_owned(), |text| format!("ready: {text}")),
            Err(DeviceError::NotCompiled { feature, .. }) => {
                format!("not compiled in (feature `{feature}`)")
            }
            Err(DeviceError::NotPresent { message, .. }) => format!("does not answer: {message}"),
            Err(error) => error.to_string(),
        };
        print(format_args!("{:<16} {state}", name.to_string()))?;
    }
    Ok(Exit::Done)
}
