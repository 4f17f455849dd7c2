using Markdig.Parsers;
using Markdig.Syntax;

namespace Attune.Web.Rendering;

/// <summary>A formula of several lines.</summary>
internal sealed class MathBlock(BlockParser parser, string close) : LeafBlock(parser)
{
    public string Close { get; } = close;

    /// <summary>Whether the environment's own begin and end belong to the formula.</summary>
    /// <summary>What follows the end on its line.</summary>
    public string Tail { get; set; } = "";

    public bool IsEnvironment => Close.StartsWith(@"\end", StringComparison.Ordinal);
}

/// <summary>
/// Formulas that begin on a line of their own with \[, $$ or \begin{align}, so that Markdown takes none of their lines for lists or
/// headings.
/// </summary>
internal sealed class DisplayMathParser : BlockParser
{
    private static readonly string[] Environments =
    [
        .. new[] { "align", "equation", "gather", "multline", "eqnarray", "alignat" }.SelectMany(e => new[] { e, e + "*" }),
    ];

    public DisplayMathParser() => OpeningCharacters = ['\\', '$'];

    public override BlockState TryOpen(BlockProcessor processor)
    {
        if (processor.IsCodeIndent)
        {
            return BlockState.None;
        }
        var line = processor.Line.AsSpan().Trim();
        var environment = Environments.FirstOrDefault(e => Starts(processor.Line.AsSpan(), $@"\begin{{{e}}}"));
        var (open, close) =
            environment is not null ? ("", $@"\end{{{environment}}}")
            : line.StartsWith(@"\[") ? (@"\[", @"\]")
            : line.StartsWith("$$") ? ("$$", "$$")
            : ("", "");
        // What also ends on this line is for the inline parser, unless it is an environment, which has no other sign.
        if (close.Length == 0 || (environment is null && line[open.Length..].IndexOf(close) >= 0))
        {
            return BlockState.None;
        }
        var block = new MathBlock(this, close) { Column = processor.Column, Span = new SourceSpan(processor.Start, processor.Line.End) };
        processor.NewBlocks.Push(block);
        processor.Line.Start += open.Length;
        return environment is not null && line.IndexOf(close) >= 0 ? BlockState.Break : BlockState.Continue;
    }

    public override BlockState TryContinue(BlockProcessor processor, Block block)
    {
        var math = (MathBlock)block;
        var line = processor.Line.AsSpan();
        var end = line.IndexOf(math.Close);
        block.UpdateSpanEnd(processor.Line.End);
        if (end < 0)
        {
            return BlockState.Continue;
        }
        math.Tail = line[(end + math.Close.Length)..].Trim().ToString();
        processor.Line.End = processor.Line.Start + end - 1 + (math.IsEnvironment ? math.Close.Length : 0);
        return BlockState.Break;
    }

    private static bool Starts(ReadOnlySpan<char> line, string with) => line.TrimStart().StartsWith(with);
}
