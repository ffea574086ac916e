//! The plan of a question, rewritten so that no figure of its answer can be wrong unseen.
//!
//! Polars adds decimals and whole numbers modulo 2^128 and 2^64 and says nothing. It does check sums, products and quotients of
//! two decimals. So:
//!
//! - what is added up passes [`Rewriting::summand`] first, which folds the absolute values of all of it with checks. When that
//!   sum fits, every partial sum of every group fits, whatever the order, and none can wrap; when it does not, the question is
//!   refused. The in-memory engine gives an expression its whole column at once; the engines that cut it up are not compiled in.
//! - whole numbers are made decimals before they are added, subtracted, multiplied, divided or raised to a power.
//! - a number with a point is the decimal that was written, not the float beside it.
//! - a dividend has at least [`QUOTIENT`] decimals, so that a quotient of whole numbers is not rounded to one.
//!
//! And so that the same question has the same answer: groups, distinct rows, joins and equal rows of a sort keep the order of
//! the rows that they come from.

use crate::published::Fault;
use green_corridor::error::Error;
use polars::prelude::{
    AggExpr, AnyValue, Column, DataType, DslPlan, Expr, Field, FunctionExpr, ListFunction,
    LiteralValue, MaintainOrderJoin, Operator, PolarsError, PolarsResult, Scalar, SpecialEq, lit,
};
use std::sync::Arc;

/// Decimals of a quotient, at least.
const QUOTIENT: usize = 9;

/// Digits of a decimal.
const PRECISION: usize = 38;

/// Digits that a float gives back as they were written.
const WRITTEN: usize = 15;

/// The plan with exact arithmetic.
pub fn plan(plan: DslPlan, fault: &Arc<Fault>) -> PolarsResult<DslPlan> {
    Rewriting { fault }.plan(plan)
}

/// Whether the rows of an answer are in an order that was asked for.
pub fn is_ordered(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Sort { .. } => true,
        DslPlan::Select { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::Cache { input, .. }
        | DslPlan::MapFunction { input, .. } => is_ordered(input),
        _ => false,
    }
}

struct Rewriting<'f> {
    fault: &'f Arc<Fault>,
}

impl Rewriting<'_> {
    fn plan(&self, plan: DslPlan) -> PolarsResult<DslPlan> {
        Ok(match plan {
            DslPlan::Scan { .. } | DslPlan::DataFrameScan { .. } => plan,
            DslPlan::Filter { input, predicate } => DslPlan::Filter {
                input: self.below(input)?,
                predicate: self.expr(predicate)?,
            },
            DslPlan::Cache { input, id } => DslPlan::Cache {
                input: self.below(input)?,
                id,
            },
            DslPlan::Select {
                expr,
                input,
                options,
            } => DslPlan::Select {
                expr: self.exprs(expr)?,
                input: self.below(input)?,
                options,
            },
            DslPlan::HStack {
                input,
                exprs,
                options,
            } => DslPlan::HStack {
                input: self.below(input)?,
                exprs: self.exprs(exprs)?,
                options,
            },
            DslPlan::GroupBy {
                input,
                keys,
                predicates,
                aggs,
                maintain_order: _,
                options,
                apply: None,
            } => DslPlan::GroupBy {
                input: self.below(input)?,
                keys: self.exprs(keys)?,
                predicates: self.exprs(predicates)?,
                aggs: self.exprs(aggs)?,
                maintain_order: true,
                options,
                apply: None,
            },
            DslPlan::Join {
                input_left,
                input_right,
                left_on,
                right_on,
                predicates,
                options,
            } => {
                let mut options = Arc::unwrap_or_clone(options);
                options.args.maintain_order = MaintainOrderJoin::LeftRight;
                DslPlan::Join {
                    input_left: self.below(input_left)?,
                    input_right: self.below(input_right)?,
                    left_on: self.exprs(left_on)?,
                    right_on: self.exprs(right_on)?,
                    predicates: self.exprs(predicates)?,
                    options: Arc::new(options),
                }
            }
            DslPlan::Distinct { input, mut options } => {
                options.maintain_order = true;
                options.subset = options.subset.map(|exprs| self.exprs(exprs)).transpose()?;
                DslPlan::Distinct {
                    input: self.below(input)?,
                    options,
                }
            }
            DslPlan::Sort {
                input,
                by_column,
                slice,
                mut sort_options,
            } => {
                sort_options.maintain_order = true;
                DslPlan::Sort {
                    input: self.below(input)?,
                    by_column: self.exprs(by_column)?,
                    slice,
                    sort_options,
                }
            }
            DslPlan::Slice { input, offset, len } => DslPlan::Slice {
                input: self.below(input)?,
                offset,
                len,
            },
            DslPlan::MapFunction { input, function } => DslPlan::MapFunction {
                input: self.below(input)?,
                function,
            },
            DslPlan::Union { inputs, mut args } => {
                args.maintain_order = true;
                DslPlan::Union {
                    inputs: self.plans(inputs)?,
                    args,
                }
            }
            DslPlan::HConcat { inputs, options } => DslPlan::HConcat {
                inputs: self.plans(inputs)?,
                options,
            },
            DslPlan::ExtContext { input, contexts } => DslPlan::ExtContext {
                input: self.below(input)?,
                contexts: self.plans(contexts)?,
            },
            DslPlan::Gather {
                input,
                idxs,
                null_on_oob,
            } => DslPlan::Gather {
                input: self.below(input)?,
                idxs: self.below(idxs)?,
                null_on_oob,
            },
            // What Polars has worked out already is worked out again, after the rewriting.
            DslPlan::IR { dsl, .. } => self.plan(Arc::unwrap_or_clone(dsl))?,
            // No SQL comes to these; whatever does later is not let through unseen.
            _ => return Err(unsupported("this form of question")),
        })
    }

    fn below(&self, input: Arc<DslPlan>) -> PolarsResult<Arc<DslPlan>> {
        self.plan(Arc::unwrap_or_clone(input)).map(Arc::new)
    }

    fn plans(&self, inputs: Vec<DslPlan>) -> PolarsResult<Vec<DslPlan>> {
        inputs.into_iter().map(|input| self.plan(input)).collect()
    }

    fn exprs(&self, exprs: Vec<Expr>) -> PolarsResult<Vec<Expr>> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&self, expr: Expr) -> PolarsResult<Expr> {
        expr.try_map_expr(|expr| {
            Ok(match expr {
                Expr::Literal(value) => Expr::Literal(written(value)?),
                Expr::Agg(AggExpr::Sum(summand)) => Expr::Agg(AggExpr::Sum(self.summand(summand))),
                Expr::Agg(AggExpr::Mean(summand)) => {
                    Expr::Agg(AggExpr::Mean(self.summand(summand)))
                }
                Expr::Function { input, function } => self.function(input, function)?,
                Expr::BinaryExpr { left, op, right } => match op {
                    Operator::Plus | Operator::Minus | Operator::Multiply => Expr::BinaryExpr {
                        left: whole(left, 0),
                        op,
                        right: whole(right, 0),
                    },
                    Operator::TrueDivide | Operator::RustDivide => Expr::BinaryExpr {
                        left: whole(left, QUOTIENT),
                        op,
                        right: whole(right, 0),
                    },
                    _ => Expr::BinaryExpr { left, op, right },
                },
                Expr::SubPlan(plan, names) => {
                    let plan = self.plan(DslPlan::clone(&plan))?;
                    Expr::SubPlan(SpecialEq::new(Arc::new(plan)), names)
                }
                other => other,
            })
        })
    }

    fn function(&self, input: Vec<Expr>, function: FunctionExpr) -> PolarsResult<Expr> {
        let each = |change: &dyn Fn(Arc<Expr>) -> Arc<Expr>| {
            let inputs = input.iter().cloned().map(Arc::new);
            inputs
                .map(|expr| Arc::unwrap_or_clone(change(expr)))
                .collect()
        };
        let input = match &function {
            FunctionExpr::CumSum { .. } => each(&|expr| self.summand(expr)),
            FunctionExpr::Pow(_) => each(&|expr| whole(expr, 0)),
            FunctionExpr::ListExpr(
                ListFunction::Sum
                | ListFunction::Mean
                | ListFunction::Median
                | ListFunction::Std(_)
                | ListFunction::Var(_),
            ) => return Err(unsupported("arithmetic on lists")),
            _ => input,
        };
        Ok(Expr::Function { input, function })
    }

    /// What is added up, when the sum of its absolute values is a decimal.
    fn summand(&self, summand: Arc<Expr>) -> Arc<Expr> {
        let fault = self.fault.clone();
        let checked = move |column: Column| {
            let column = as_decimal(column, 0)?;
            match column.as_materialized_series().decimal() {
                Ok(figures) if !fits(figures.physical().iter().flatten()) => {
                    let what = format!(
                        "{}: the values that are added up come to more than {PRECISION} digits together; ask for less at once",
                        column.name()
                    );
                    Err(fault.keep(Error::Limit(what)))
                }
                _ => Ok(column),
            }
        };
        let summand = Arc::unwrap_or_clone(summand);
        Arc::new(summand.map_with_fmt_str(
            checked,
            |_, field| Ok(decimal_field(field, 0)),
            "summand",
        ))
    }
}

/// Whether all these figures together are a decimal, whatever their signs.
fn fits(figures: impl Iterator<Item = i128>) -> bool {
    let most = 10u128.pow(38) - 1;
    let mut figures = figures.map(i128::unsigned_abs);
    let sum = figures.try_fold(0u128, |sum, figure| sum.checked_add(figure));
    sum.is_some_and(|sum| sum <= most)
}

/// A whole number as a decimal; decimals get at least `scale` decimals, everything else stays as it is.
fn whole(operand: Arc<Expr>, scale: usize) -> Arc<Expr> {
    let operand = Arc::unwrap_or_clone(operand);
    Arc::new(operand.map_with_fmt_str(
        move |column| as_decimal(column, scale),
        move |_, field| Ok(decimal_field(field, scale)),
        "whole",
    ))
}

fn as_decimal(column: Column, scale: usize) -> PolarsResult<Column> {
    let wanted = decimal(column.dtype(), scale);
    if wanted == *column.dtype() {
        Ok(column)
    } else {
        column.strict_cast(&wanted)
    }
}

fn decimal_field(field: &Field, scale: usize) -> Field {
    Field::new(field.name().clone(), decimal(field.dtype(), scale))
}

fn decimal(kind: &DataType, scale: usize) -> DataType {
    match kind {
        DataType::Decimal(_, has) => DataType::Decimal(PRECISION, scale.max(*has)),
        kind if kind.is_integer() => DataType::Decimal(PRECISION, scale),
        kind => kind.clone(),
    }
}

/// A number with a point as the decimal that stands in the question.
fn written(value: LiteralValue) -> PolarsResult<LiteralValue> {
    let Some(AnyValue::Float64(float)) = value.to_any_value() else {
        return Ok(value);
    };
    let text = float.to_string();
    let digits = text.trim_start_matches(['-', '0', '.']);
    if !float.is_finite() || digits.chars().filter(char::is_ascii_digit).count() > WRITTEN {
        return Err(unsupported(&format!(
            "the number {text}: more than {WRITTEN} digits; write CAST('..' AS DECIMAL(38, 9))"
        )));
    }
    let (before, after) = text.split_once('.').unwrap_or((&text, ""));
    let mantissa = format!("{before}{after}").parse();
    let mantissa: i128 = mantissa.map_err(|_| unsupported(&format!("the number {text}")))?;
    let scale = after.len();
    let value = AnyValue::Decimal(mantissa, PRECISION, scale);
    let scalar = Scalar::new(DataType::Decimal(PRECISION, scale), value);
    match lit(scalar) {
        Expr::Literal(value) => Ok(value),
        _ => Err(unsupported("a number")),
    }
}

fn unsupported(what: &str) -> PolarsError {
    PolarsError::SQLInterface(format!("{what} is not supported").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_values_bound_every_partial_sum() {
        let most = 10i128.pow(38) - 1;
        assert!(fits([most].into_iter()) && fits([most - 1, -1].into_iter()));
        assert!(!fits([most, 1].into_iter()) && !fits([most, -1].into_iter()));
        // Three of them are more than 2^127, five more than 2^128.
        assert!(!fits([most; 3].into_iter()) && !fits([most; 5].into_iter()));
    }

    #[test]
    fn a_number_is_the_decimal_that_was_written() {
        let value = |float: f64| match lit(float) {
            Expr::Literal(value) => written(value).map(|v| v.to_any_value().map(|v| v.to_string())),
            _ => panic!("a literal"),
        };
        assert_eq!(value(0.1).unwrap().unwrap(), "0.1");
        assert_eq!(value(1234.000001).unwrap().unwrap(), "1234.000001");
        assert!(value(0.1 + 0.2).is_err());
        assert!(value(f64::INFINITY).is_err());
    }
}
