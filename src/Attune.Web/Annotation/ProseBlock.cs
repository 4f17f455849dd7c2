using System.Collections.Immutable;

namespace Attune.Web.Annotation;

public enum ProseKind
{
    Paragraph,
    Heading,
    List,
    Numbers,
}

/// <summary>A block of guidelines: the part of Markdown that instructions to people need.</summary>
public sealed record ProseBlock(ProseKind Kind, ImmutableArray<string> Lines)
{
    public static ImmutableArray<ProseBlock> Of(string markdown)
    {
        var blocks = ImmutableArray.CreateBuilder<ProseBlock>();
        var lines = new List<string>();
        var kind = ProseKind.Paragraph;
        foreach (var line in markdown.ReplaceLineEndings("\n").Split('\n').Select(l => l.Trim()))
        {
            var (next, text) = Read(line);
            // A heading stands alone; any other block goes on while its lines are alike.
            if (line.Length == 0 || next != kind || next == ProseKind.Heading)
            {
                Flush(blocks, kind, lines);
            }
            kind = next;
            if (line.Length > 0)
            {
                lines.Add(text);
            }
        }

        Flush(blocks, kind, lines);
        return blocks.ToImmutable();
    }

    private static (ProseKind Kind, string Text) Read(string line)
    {
        var number = line.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return line switch
        {
            ['#', ..] when line.TrimStart('#') is [' ', ..] heading => (ProseKind.Heading, heading.TrimStart()),
            ['-' or '*', ' ', ..] => (ProseKind.List, line[2..]),
            _ when number > 0 && line.AsSpan(number).StartsWith(". ") => (ProseKind.Numbers, line[(number + 2)..]),
            _ => (ProseKind.Paragraph, line),
        };
    }

    private static void Flush(ImmutableArray<ProseBlock>.Builder blocks, ProseKind kind, List<string> lines)
    {
        if (lines.Count > 0)
        {
            blocks.Add(new ProseBlock(kind, [.. lines]));
        }
        lines.Clear();
    }
}
