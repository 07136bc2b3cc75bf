//! The choices of a server.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::device::DeviceName;
use crate::picture::PictureLimits;

/// How and what is served.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// What requests must know; none for everybody who reaches the address. Another address than loopback always has one.
    pub token: Option<String>,
    /// Names by which the server is reached, beside its address.
    pub hosts: Vec<String>,
    /// Folder where styles live.
    pub checkpoints: PathBuf,
    /// Folders below which clients may name files.
    pub roots: Vec<PathBuf>,
    /// Device to compute on.
    pub device: DeviceName,
    /// Threads that decode, and as many that encode, the pictures of a folder; 0 for one per core.
    pub threads: usize,
    /// The largest pictures that are taken.
    pub limits: PictureLimits,
    /// Pictures and fillings that wait for the network; more are refused.
    pub queue: usize,
    /// The program that trains: this one.
    pub program: PathBuf,
}
