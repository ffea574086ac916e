//! A disk that keeps a record of what was done to it, and every state that a power cut could leave of that, for tests.
//!
//! What a sync has not made durable may be there after a power cut or not, each change for itself: an entry of a folder until that
//! folder is synced, bytes of a file until the file is synced (none, half of them, all, or as many zeros). A rename is one change,
//! durable with either of its folders; nothing else is assumed of the file system, in particular no order.

use super::disk::{Claim, Disk, RealDisk};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug)]
enum Op {
    Create(PathBuf),
    Write(PathBuf, Vec<u8>),
    SyncFile(PathBuf),
    SyncDir(PathBuf),
    Rename(PathBuf, PathBuf),
    Exchange(PathBuf, PathBuf),
    Remove(PathBuf),
    CreateDir(PathBuf),
    Symlink(PathBuf, PathBuf),
}

/// Works on the file system, and notes what was done, in order. Syncs are noted and not made: nobody pulls the plug.
#[derive(Clone, Default)]
pub(super) struct RecordingDisk {
    done: Arc<Mutex<Vec<Op>>>,
}

impl RecordingDisk {
    fn note<T>(&self, op: Op, result: io::Result<T>) -> io::Result<T> {
        if result.is_ok() {
            self.done.lock().unwrap().push(op);
        }
        result
    }
}

impl Disk for RecordingDisk {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn Write + Send>> {
        let inner = self.note(Op::Create(path.into()), RealDisk.create_new(path))?;
        Ok(Box::new(RecordedFile {
            disk: self.clone(),
            path: path.to_owned(),
            inner,
        }))
    }
    fn sync_file(&self, path: &Path) -> io::Result<()> {
        self.note(Op::SyncFile(path.into()), fs::metadata(path).map(drop))
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.note(Op::SyncDir(path.into()), fs::metadata(path).map(drop))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.note(Op::Rename(from.into(), to.into()), fs::rename(from, to))
    }
    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        let op = Op::Exchange(one.into(), other.into());
        self.note(op, RealDisk.exchange(one, other))
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.note(Op::Remove(path.into()), fs::remove_file(path))
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.note(Op::Remove(path.into()), fs::remove_dir(path))
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.note(Op::CreateDir(path.into()), fs::create_dir(path))
    }
    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        let op = Op::Symlink(target.into(), link.into());
        self.note(op, RealDisk.symlink(target, link))
    }
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Claim> {
        let is_new = !path.exists();
        let claim = RealDisk.lock(path, holder)?;
        if is_new {
            self.note(Op::Create(path.into()), Ok(()))?;
        }
        Ok(claim)
    }
}

struct RecordedFile {
    disk: RecordingDisk,
    path: PathBuf,
    inner: Box<dyn Write + Send>,
}

impl Write for RecordedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        let op = Op::Write(self.path.clone(), bytes[..count].to_vec());
        self.disk.note(op, Ok(count))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

type Node = usize;

#[derive(Clone, Debug)]
enum Content {
    Dir,
    Link(PathBuf),
    File { durable: Vec<u8>, pending: Vec<u8> },
}

/// A change of entries of folders; it takes effect as a whole.
#[derive(Clone, Debug)]
struct Change {
    /// Entries that go, if they are still these.
    gone: Vec<(Node, String, Node)>,
    /// Entries that come.
    come: Vec<(Node, String, Node)>,
    is_durable: bool,
}

type Entries = BTreeMap<(Node, String), Node>;

/// A state after a power cut: paths, and what stands there.
pub(super) type Image = BTreeMap<String, Standing>;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    Dir,
    Link(PathBuf),
    File(Vec<u8>),
}

/// What was recorded, up to some moment.
struct Past {
    base: PathBuf,
    nodes: Vec<Content>,
    first: Entries,
    now: Entries,
    changes: Vec<Change>,
}

impl Past {
    /// Everything below `base` is durable.
    fn begin(base: &Path) -> Past {
        let mut past = Past {
            base: base.to_owned(),
            nodes: vec![Content::Dir],
            first: Entries::new(),
            now: Entries::new(),
            changes: Vec::new(),
        };
        past.load(base, 0);
        past.now = past.first.clone();
        past
    }

    fn load(&mut self, dir: &Path, node: Node) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let seen = fs::symlink_metadata(&path).unwrap();
            let content = if seen.is_symlink() {
                Content::Link(fs::read_link(&path).unwrap())
            } else if seen.is_dir() {
                Content::Dir
            } else {
                Content::File {
                    durable: fs::read(&path).unwrap(),
                    pending: Vec::new(),
                }
            };
            let child = self.add(content);
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            self.first.insert((node, name), child);
            if seen.is_dir() {
                self.load(&path, child);
            }
        }
    }

    fn add(&mut self, content: Content) -> Node {
        self.nodes.push(content);
        self.nodes.len() - 1
    }

    /// The folder and the name of a path, and what stands there now.
    fn find(&self, path: &Path) -> (Node, String, Option<Node>) {
        let mut names = path.strip_prefix(&self.base).unwrap().iter().peekable();
        let mut dir = 0;
        while let Some(name) = names.next() {
            let name = name.to_str().unwrap().to_owned();
            let found = self.now.get(&(dir, name.clone())).copied();
            if names.peek().is_none() {
                return (dir, name, found);
            }
            dir = found.unwrap_or_else(|| panic!("{}: no folder", path.display()));
        }
        (0, String::new(), Some(0))
    }

    fn change(&mut self, gone: Vec<(Node, String, Node)>, come: Vec<(Node, String, Node)>) {
        let change = Change {
            gone,
            come,
            is_durable: false,
        };
        apply(&change, &mut self.now);
        self.changes.push(change);
    }

    fn make(&mut self, path: &Path, content: Content) {
        let (dir, name, _) = self.find(path);
        let node = self.add(content);
        self.change(Vec::new(), vec![(dir, name, node)]);
    }

    fn take(&mut self, op: &Op) {
        match op {
            Op::Create(path) => self.make(
                path,
                Content::File {
                    durable: Vec::new(),
                    pending: Vec::new(),
                },
            ),
            Op::CreateDir(path) => self.make(path, Content::Dir),
            Op::Symlink(target, path) => self.make(path, Content::Link(target.clone())),
            Op::Write(path, bytes) => {
                let node = self.find(path).2.unwrap();
                if let Content::File { pending, .. } = &mut self.nodes[node] {
                    pending.extend(bytes);
                }
            }
            Op::SyncFile(path) => {
                let node = self.find(path).2.unwrap();
                if let Content::File { durable, pending } = &mut self.nodes[node] {
                    durable.append(pending);
                }
            }
            Op::SyncDir(path) => {
                let Some(dir) = path
                    .starts_with(&self.base)
                    .then(|| self.find(path).2.unwrap())
                else {
                    return; // the folder that the world lies in
                };
                for change in &mut self.changes {
                    let touches = |list: &[(Node, String, Node)]| list.iter().any(|e| e.0 == dir);
                    change.is_durable |= touches(&change.gone) || touches(&change.come);
                }
            }
            Op::Rename(from, to) => {
                let ((a, name, node), (b, other, _)) = (self.find(from), self.find(to));
                let node = node.unwrap();
                self.change(vec![(a, name, node)], vec![(b, other, node)]);
            }
            Op::Exchange(one, other) => {
                let ((a, name, x), (b, second, y)) = (self.find(one), self.find(other));
                let come = vec![(a, name, y.unwrap()), (b, second, x.unwrap())];
                self.change(Vec::new(), come);
            }
            Op::Remove(path) => {
                let (dir, name, node) = self.find(path);
                self.change(vec![(dir, name, node.unwrap())], Vec::new());
            }
        }
    }

    /// What may or may not be there after a power cut now: changes, and bytes of files.
    fn open_questions(&self) -> (Vec<usize>, Vec<Node>) {
        let changes = (0..self.changes.len())
            .filter(|&i| !self.changes[i].is_durable)
            .collect();
        let is_pending =
            |c: &Content| matches!(c, Content::File { pending, .. } if !pending.is_empty());
        let files = (0..self.nodes.len())
            .filter(|&n| is_pending(&self.nodes[n]))
            .collect();
        (changes, files)
    }

    fn entries(&self, is_there: impl Fn(usize) -> bool) -> Entries {
        let mut entries = self.first.clone();
        for (i, change) in self.changes.iter().enumerate() {
            if change.is_durable || is_there(i) {
                apply(change, &mut entries);
            }
        }
        entries
    }

    /// A value that two states share only if they are the same, as far as `is_seen` looks.
    fn key(&self, entries: &Entries, forms: &BTreeMap<Node, u8>, is_seen: fn(&str) -> bool) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(0, "", entries, forms, is_seen, &mut hasher);
        hasher.finish()
    }

    fn hash(
        &self,
        dir: Node,
        path: &str,
        entries: &Entries,
        forms: &BTreeMap<Node, u8>,
        is_seen: fn(&str) -> bool,
        hasher: &mut DefaultHasher,
    ) {
        for ((_, name), &node) in entries.range((dir, String::new())..(dir + 1, String::new())) {
            let path = format!("{path}/{name}");
            if !is_seen(&path[1..]) {
                continue;
            }
            (name, node).hash(hasher);
            match &self.nodes[node] {
                Content::Dir => {
                    self.hash(node, &path, entries, forms, is_seen, hasher);
                    0xFF_u8.hash(hasher);
                }
                Content::Link(_) => {}
                Content::File { durable, pending } => {
                    (durable.len(), pending.len(), forms.get(&node)).hash(hasher)
                }
            }
        }
    }

    fn image(&self, entries: &Entries, forms: &BTreeMap<Node, u8>) -> Image {
        let mut image = Image::new();
        self.draw(0, "", entries, forms, &mut image);
        image
    }

    fn draw(
        &self,
        dir: Node,
        path: &str,
        entries: &Entries,
        forms: &BTreeMap<Node, u8>,
        image: &mut Image,
    ) {
        for ((_, name), &node) in entries.range((dir, String::new())..(dir + 1, String::new())) {
            let path = format!("{path}/{name}");
            let standing = match &self.nodes[node] {
                Content::Dir => {
                    self.draw(node, &path, entries, forms, image);
                    Standing::Dir
                }
                Content::Link(target) => Standing::Link(target.clone()),
                Content::File { durable, pending } => Standing::File(
                    [
                        durable.clone(),
                        survived(pending, forms.get(&node).copied().unwrap_or(0)),
                    ]
                    .concat(),
                ),
            };
            image.insert(path[1..].to_owned(), standing);
        }
    }
}

fn apply(change: &Change, entries: &mut Entries) {
    for (dir, name, node) in &change.gone {
        if entries.get(&(*dir, name.clone())) == Some(node) {
            entries.remove(&(*dir, name.clone()));
        }
    }
    for (dir, name, node) in &change.come {
        entries.insert((*dir, name.clone()), *node);
    }
}

/// What is left of bytes that no sync made durable.
fn survived(pending: &[u8], form: u8) -> Vec<u8> {
    match form {
        0 => Vec::new(),
        1 => pending[..pending.len() / 2].to_vec(),
        2 => vec![0; pending.len()],
        _ => pending.to_vec(),
    }
}

/// Puts an image on the file system.
pub(super) fn place(image: &Image, base: &Path) {
    // Folders come before what they hold: a path sorts before its continuations.
    for (path, standing) in image {
        let path = base.join(path);
        match standing {
            Standing::Dir => fs::create_dir(path).unwrap(),
            Standing::File(bytes) => fs::write(path, bytes).unwrap(),
            Standing::Link(target) => RealDisk.symlink(target, &path).unwrap(),
        }
    }
}

/// How many states there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Moments of the power cut.
    pub moments: usize,
    /// States, over all moments.
    pub images: u64,
    /// Those that differ in what a reader sees.
    pub distinct: usize,
}

/// A small generator of its own: the same images on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Cuts the power at every moment of `act`, which works below the folder `base`, and shows `judge` every state that a cut at that moment could leave
/// (as many as `most`, if there are more), with whether `act` had ended well by then. States that do not differ where `is_seen` looks are judged once.
pub(super) fn cut_power(
    base: &Path,
    most: u64,
    is_seen: fn(&str) -> bool,
    act: impl FnOnce(RecordingDisk),
    mut judge: impl FnMut(&Image, bool, &str),
) -> Count {
    let mut past = Past::begin(base);
    let disk = RecordingDisk::default();
    act(disk.clone());
    let done = disk.done.lock().unwrap().clone();
    let mut count = Count::default();
    let mut judged: HashMap<(u64, bool), ()> = HashMap::new();
    let mut random = Random(7);
    for moment in 0..=done.len() {
        let has_ended = moment == done.len();
        let (changes, files) = past.open_questions();
        let questions = changes.len() + 2 * files.len();
        let all = u32::try_from(questions)
            .ok()
            .and_then(|n| 1_u64.checked_shl(n));
        let is_exhaustive = all.is_some_and(|all| all <= most);
        let number = if is_exhaustive {
            all.unwrap_or(most)
        } else {
            most
        };
        count.moments += 1;
        for n in 0..number {
            let answers = answers(n, number, questions, is_exhaustive, &mut random);
            let mut is_there = vec![false; past.changes.len()];
            for (&change, &answer) in changes.iter().zip(&answers) {
                is_there[change] = answer;
            }
            let entries = past.entries(|i| is_there[i]);
            let forms: BTreeMap<Node, u8> = files
                .iter()
                .enumerate()
                .map(|(i, &node)| {
                    let at = changes.len() + 2 * i;
                    (node, u8::from(answers[at]) + 2 * u8::from(answers[at + 1]))
                })
                .collect();
            count.images += 1;
            let key = past.key(&entries, &forms, is_seen);
            if judged.insert((key, has_ended), ()).is_none() {
                count.distinct += 1;
                let place = format!(
                    "after {moment} of {} operations, {:?}",
                    done.len(),
                    done.get(moment.wrapping_sub(1))
                );
                judge(&past.image(&entries, &forms), has_ended, &place);
            }
        }
        if let Some(op) = done.get(moment) {
            past.take(op);
        }
    }
    count
}

/// The n-th set of answers. Of too many, first those with one answer unlike all others, then chosen ones.
fn answers(
    n: u64,
    number: u64,
    questions: usize,
    is_exhaustive: bool,
    random: &mut Random,
) -> Vec<bool> {
    if is_exhaustive {
        return (0..questions).map(|i| n >> i & 1 == 1).collect();
    }
    let q = questions as u64;
    if n < 2 * (q + 1) && 2 * (q + 1) <= number {
        let (odd, rest) = (n / 2, n % 2 == 1);
        return (0..q).map(|i| (i + 1 == odd) != rest).collect();
    }
    (0..questions).map(|_| random.next() >> 63 == 1).collect()
}
