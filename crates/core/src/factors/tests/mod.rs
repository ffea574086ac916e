//! The rules of the factor library, each as rows in and an answer or the places of faults out.

mod checking;
mod choosing;
mod composing;
mod explaining;
mod profiles;
mod properties;
mod refrigerated;
mod shipped;
mod validity;
