using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>An expression.</summary>
internal abstract record JinjaExpression
{
    internal sealed record Constant(object? Value) : JinjaExpression;

    internal sealed record Variable(string Name) : JinjaExpression;

    internal sealed record ListOf(ImmutableArray<JinjaExpression> Items, bool IsTuple) : JinjaExpression;

    internal sealed record DictOf(ImmutableArray<(JinjaExpression Key, JinjaExpression Value)> Items) : JinjaExpression;

    internal sealed record Attribute(JinjaExpression Of, string Name) : JinjaExpression;

    internal sealed record Item(JinjaExpression Of, JinjaExpression Key) : JinjaExpression;

    internal sealed record Slice(JinjaExpression Of, JinjaExpression? Start, JinjaExpression? Stop, JinjaExpression? Step)
        : JinjaExpression;

    internal sealed record Call(JinjaExpression Function, JinjaCallArguments Arguments) : JinjaExpression;

    internal sealed record Filter(JinjaExpression Of, string Name, JinjaCallArguments Arguments) : JinjaExpression;

    internal sealed record Test(JinjaExpression Of, string Name, JinjaCallArguments Arguments, bool Negated) : JinjaExpression;

    internal sealed record Unary(string Operator, JinjaExpression Of) : JinjaExpression;

    internal sealed record Binary(string Operator, JinjaExpression Left, JinjaExpression Right) : JinjaExpression;

    /// <summary>Python's chains: <c>a &lt; b &lt; c</c>.</summary>
    internal sealed record Comparison(JinjaExpression First, ImmutableArray<(string Operator, JinjaExpression Right)> Rest)
        : JinjaExpression;

    /// <param name="Otherwise">Null for nothing.</param>
    internal sealed record Conditional(JinjaExpression Condition, JinjaExpression Then, JinjaExpression? Otherwise) : JinjaExpression;
}

/// <param name="More">A list of further positional ones, "*more"; null for none.</param>
/// <param name="MoreNamed">Further named ones, "**more"; null for none.</param>
internal sealed record JinjaCallArguments(
    ImmutableArray<JinjaExpression> Positional,
    ImmutableArray<(string Name, JinjaExpression Value)> Named,
    JinjaExpression? More = null,
    JinjaExpression? MoreNamed = null
)
{
    public static JinjaCallArguments None { get; } = new([], []);
}

/// <summary>What a template does, in order.</summary>
internal abstract record JinjaStatement
{
    internal sealed record Write(string Text) : JinjaStatement;

    internal sealed record Print(JinjaExpression Value, int Line) : JinjaStatement;

    internal sealed record If(
        ImmutableArray<(JinjaExpression Condition, ImmutableArray<JinjaStatement> Body)> Branches,
        ImmutableArray<JinjaStatement> Otherwise
    ) : JinjaStatement;

    /// <param name="Targets">Several where each item is taken apart.</param>
    /// <param name="IsRecursive">loop(items) goes through items by the same body.</param>
    internal sealed record For(
        ImmutableArray<string> Targets,
        JinjaExpression Items,
        JinjaExpression? Filter,
        ImmutableArray<JinjaStatement> Body,
        ImmutableArray<JinjaStatement> Otherwise,
        bool IsRecursive
    ) : JinjaStatement;

    /// <param name="Attribute">Of the namespace that the one target names; null for plain variables.</param>
    internal sealed record Set(ImmutableArray<string> Targets, string? Attribute, JinjaExpression Value) : JinjaStatement;

    /// <param name="Value">Of the block's text, which has the name <see cref="Block"/>; null for the text itself.</param>
    internal sealed record SetBlock(string Target, JinjaExpression? Value, ImmutableArray<JinjaStatement> Body) : JinjaStatement;

    /// <summary>A block's text, through filters.</summary>
    /// <param name="Value">Of the text, which has the name <see cref="Block"/>.</param>
    internal sealed record Filtered(JinjaExpression Value, ImmutableArray<JinjaStatement> Body, int Line) : JinjaStatement;

    /// <summary>Names that hold inside the block alone.</summary>
    internal sealed record With(ImmutableArray<(string Name, JinjaExpression Value)> Names, ImmutableArray<JinjaStatement> Body)
        : JinjaStatement;

    /// <param name="Extras">Of "varargs", "kwargs" and "caller" those that its body has: what else it takes.</param>
    internal sealed record Macro(
        string Name,
        ImmutableArray<(string Name, JinjaExpression? Default)> Parameters,
        ImmutableArray<JinjaStatement> Body,
        ImmutableArray<string> Extras
    ) : JinjaStatement;

    /// <summary>A macro's call that hands it the block as a macro of the name "caller".</summary>
    internal sealed record CallBlock(JinjaExpression.Call Call, Macro Caller, int Line) : JinjaStatement;

    /// <summary>The name that a block's text has for its filters; no template can write it.</summary>
    internal const string Block = "";

    /// <summary>What is inside was said by the assistant: learned from.</summary>
    internal sealed record Generation(ImmutableArray<JinjaStatement> Body) : JinjaStatement;

    internal sealed record Break : JinjaStatement;

    internal sealed record Continue : JinjaStatement;
}
