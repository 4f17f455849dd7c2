using System.Collections.Immutable;
using System.Globalization;

namespace Attune.Text.Templates.Jinja;

/// <summary>Expressions, loosest binding first, as Jinja binds them.</summary>
internal sealed partial class JinjaParser
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    private JinjaExpression Expression()
    {
        Deeper();
        var value = Or();
        while (Accept("if"))
        {
            var condition = Or();
            value = new JinjaExpression.Conditional(condition, value, Accept("else") ? Expression() : null);
        }

        _depth--;
        return value;
    }

    /// <summary>One expression, or several with commas between.</summary>
    private JinjaExpression Tuple() => Several(Expression);

    private JinjaExpression TupleWithoutCondition() => Several(Or);

    private JinjaExpression Several(Func<JinjaExpression> one)
    {
        var first = one();
        if (!IsOperator(","))
        {
            return first;
        }
        var items = ImmutableArray.CreateBuilder<JinjaExpression>();
        items.Add(first);
        while (AcceptOperator(","))
        {
            if (Now.Kind is JinjaTokenKind.BlockEnd or JinjaTokenKind.VariableEnd || IsOperator(")"))
            {
                break;
            }
            items.Add(one());
        }

        return new JinjaExpression.ListOf(items.ToImmutable(), IsTuple: true);
    }

    private JinjaExpression Or() => Chain(And, "or");

    private JinjaExpression And() => Chain(Not, "and");

    private JinjaExpression Chain(Func<JinjaExpression> part, string word)
    {
        var left = part();
        while (Accept(word))
        {
            left = new JinjaExpression.Binary(word, left, part());
        }

        return left;
    }

    private JinjaExpression Not()
    {
        // A chain of them is no recursion, so that none is too long.
        var count = 0;
        while (Accept("not"))
        {
            count++;
        }

        var value = Compare();
        return count == 0 ? value : new JinjaExpression.Unary(count % 2 == 1 ? "not" : "truth", value);
    }

    private JinjaExpression Compare()
    {
        var first = Sum();
        var rest = ImmutableArray.CreateBuilder<(string, JinjaExpression)>();
        while (true)
        {
            if (Now.Kind == JinjaTokenKind.Operator && Comparisons.Contains(Now.Value))
            {
                rest.Add((Next().Value, Sum()));
            }
            else if (Accept("in"))
            {
                rest.Add(("in", Sum()));
            }
            else if (Now is { Kind: JinjaTokenKind.Name, Value: "not" } && _tokens[_at + 1] is { Kind: JinjaTokenKind.Name, Value: "in" })
            {
                _at += 2;
                rest.Add(("not in", Sum()));
            }
            else
            {
                return rest.Count == 0 ? first : new JinjaExpression.Comparison(first, rest.ToImmutable());
            }
        }
    }

    private JinjaExpression Sum() => Operators(Concatenation, "+", "-");

    private JinjaExpression Concatenation() => Operators(Product, "~");

    private JinjaExpression Product() => Operators(Power, "*", "/", "//", "%");

    private JinjaExpression Power() => Operators(() => Unary(filters: true), "**");

    private JinjaExpression Operators(Func<JinjaExpression> part, params ReadOnlySpan<string> symbols)
    {
        var left = part();
        while (Now.Kind == JinjaTokenKind.Operator && symbols.Contains(Now.Value))
        {
            left = new JinjaExpression.Binary(Next().Value, left, part());
        }

        return left;
    }

    private JinjaExpression Unary(bool filters)
    {
        Deeper();
        var value =
            IsOperator("-") || IsOperator("+") ? new JinjaExpression.Unary(Next().Value, Unary(filters: false)) : Postfix(Primary());
        value = Postfix(value);
        if (filters)
        {
            value = Filters(value);
        }
        _depth--;
        return value;
    }

    private JinjaExpression Primary()
    {
        var word = Now;
        switch (word.Kind)
        {
            case JinjaTokenKind.Name:
                _at++;
                return word.Value switch
                {
                    "true" or "True" => new JinjaExpression.Constant(true),
                    "false" or "False" => new JinjaExpression.Constant(false),
                    "none" or "None" => new JinjaExpression.Constant(null),
                    _ => new JinjaExpression.Variable(word.Value),
                };
            case JinjaTokenKind.Text:
                // Neighbouring texts are one.
                var text = "";
                while (Now.Kind == JinjaTokenKind.Text)
                {
                    text += Next().Value;
                }

                return new JinjaExpression.Constant(text);
            case JinjaTokenKind.Whole:
                _at++;
                return long.TryParse(
                    word.Value.Replace("_", "", StringComparison.Ordinal),
                    NumberStyles.None,
                    CultureInfo.InvariantCulture,
                    out var whole
                )
                    ? new JinjaExpression.Constant(whole)
                    : throw Wrong($"the number {word.Value} is too large");
            case JinjaTokenKind.Number:
                _at++;
                return new JinjaExpression.Constant(
                    double.Parse(word.Value.Replace("_", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
                );
            default:
                return Bracketed();
        }
    }

    private JinjaExpression Bracketed()
    {
        if (AcceptOperator("("))
        {
            if (AcceptOperator(")"))
            {
                return new JinjaExpression.ListOf([], IsTuple: true);
            }
            var inner = Tuple();
            Operator(")");
            return inner;
        }

        if (AcceptOperator("["))
        {
            var items = ImmutableArray.CreateBuilder<JinjaExpression>();
            Items("]", () => items.Add(Expression()));
            return new JinjaExpression.ListOf(items.ToImmutable(), IsTuple: false);
        }

        if (AcceptOperator("{"))
        {
            var items = ImmutableArray.CreateBuilder<(JinjaExpression, JinjaExpression)>();
            Items(
                "}",
                () =>
                {
                    var key = Expression();
                    Operator(":");
                    items.Add((key, Expression()));
                }
            );
            return new JinjaExpression.DictOf(items.ToImmutable());
        }

        throw Wrong($"found {Shown()} where a value was expected");
    }

    private void Items(string close, Action read)
    {
        var first = true;
        while (!AcceptOperator(close))
        {
            if (!first)
            {
                Operator(",");
                if (AcceptOperator(close))
                {
                    return;
                }
            }

            first = false;
            read();
        }
    }
}
