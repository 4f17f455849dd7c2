using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Attune.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Attune.Recipes.Binding;

/// <summary>
/// Reads YAML's plain core: mappings, lists and scalars. Anchors and aliases (which can blow a small file up to gigabytes),
/// tags, keys that are no words, doubled keys and deep nesting are refused, each with its line.
/// </summary>
internal sealed partial class YamlReader
{
    /// <summary>Far more than any recipe needs, far less than the stack holds.</summary>
    private const int DeepestLevel = 32;

    private readonly string _source;
    private readonly bool _hasLines;
    private readonly Scanner _scanner;
    private readonly Parser _parser;

    private YamlReader(string text, string source, bool hasLines)
    {
        _source = source;
        _hasLines = hasLines;
        RefuseControlCharacters(text);
        _scanner = new Scanner(new StringReader(text), skipComments: true);
        _parser = new Parser(_scanner);
    }

    /// <summary>The one document of a text; null where there is none.</summary>
    /// <exception cref="ConfigurationException">Not YAML, or YAML beyond the plain core.</exception>
    public static OptionNode? ReadDocument(string text, string source)
    {
        try
        {
            return new YamlReader(text, source, hasLines: true).Document();
        }
        catch (YamlException problem)
        {
            throw Explained(problem, text, source);
        }
    }

    /// <summary>
    /// A value from the command line. Only what opens like a list, a mapping or a quoted text is parsed; the rest is taken as it stands.
    /// </summary>
    /// <exception cref="ConfigurationException">It opens like YAML and is not.</exception>
    public static OptionNode ReadValue(string text, string origin)
    {
        var trimmed = text.Trim();
        if (trimmed is not ['[' or '{' or '"' or '\'', ..])
        {
            return new OptionNode.Scalar(trimmed, Plain: true, Place.Of(origin));
        }

        try
        {
            return new YamlReader(trimmed, origin, hasLines: false).Document()!;
        }
        catch (YamlException problem)
        {
            throw new ConfigurationException(
                $"{origin}: {ScalarText.Shown(trimmed)} is not valid YAML: {Reason(problem)}. Put text that begins like this in quotes."
            );
        }
    }

    private OptionNode? Document()
    {
        Next<StreamStart>();
        if (Peek() is StreamEnd)
        {
            return null;
        }

        Next<DocumentStart>();
        var root = Node(1);
        Next<DocumentEnd>();
        return Peek() is StreamEnd
            ? root
            : throw Refused(_parser.Current!, "a second document begins here; a recipe is one document, without ---");
    }

    private OptionNode Node(int level)
    {
        var found = Peek();
        if (found is AnchorAlias || found is NodeEvent { Anchor.IsEmpty: false })
        {
            throw Refused(found, "anchors (&) and aliases (*) are not used in recipes; write the value out, or quote text that begins so");
        }

        if (found is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
        {
            throw Refused(
                found,
                $"the tag {ScalarText.Shown(tag.Value)} is not used in recipes; leave it out, or quote text that begins with !"
            );
        }

        if (level > DeepestLevel)
        {
            throw Refused(found, string.Create(CultureInfo.InvariantCulture, $"nested more than {DeepestLevel} levels deep"));
        }

        return found switch
        {
            Scalar => ScalarNode(),
            SequenceStart => SequenceNode(level),
            MappingStart => MappingNode(level),
            _ => throw Refused(found, "a value was expected here"),
        };
    }

    private OptionNode.Scalar ScalarNode()
    {
        var scalar = Next<Scalar>();
        return new(scalar.Value, scalar.Style == ScalarStyle.Plain, PlaceOf(scalar));
    }

    private OptionNode.Sequence SequenceNode(int level)
    {
        var start = Next<SequenceStart>();
        var items = ImmutableArray.CreateBuilder<OptionNode>();
        while (Peek() is not SequenceEnd)
        {
            items.Add(Node(level + 1));
        }

        Next<SequenceEnd>();
        return new(items.ToImmutable(), PlaceOf(start));
    }

    private OptionNode.Mapping MappingNode(int level)
    {
        var start = Next<MappingStart>();
        var entries = ImmutableArray.CreateBuilder<OptionNode.Entry>();
        var seen = new Dictionary<string, Place>(StringComparer.Ordinal);
        while (Peek() is not MappingEnd)
        {
            var key = Node(level + 1) as OptionNode.Scalar ?? throw Refused(start, "a key is a list or a mapping; expected a word");
            if (!seen.TryAdd(key.Text, key.Place))
            {
                throw new ConfigurationException(
                    $"{key.Place}: key {ScalarText.Shown(key.Text)} stands twice in one mapping; first at {seen[key.Text]}."
                );
            }

            entries.Add(new(key.Text, Node(level + 1), key.Place));
        }

        Next<MappingEnd>();
        return new(entries.ToImmutable(), PlaceOf(start));
    }

    private ParsingEvent Peek()
    {
        if (_parser.Current is null)
        {
            Advance();
        }

        return _parser.Current ?? throw new YamlException("the text ends too early");
    }

    private T Next<T>()
        where T : ParsingEvent
    {
        var found = Peek() as T ?? throw Refused(Peek(), "this is not expected here");
        Advance();
        return found;
    }

    private void Advance()
    {
        try
        {
            _parser.MoveNext();
        }
        catch (Exception problem)
            when (problem
                    is InvalidOperationException
                        or ArgumentException
                        or FormatException
                        or OverflowException
                        or IndexOutOfRangeException
            )
        {
            // On some malformed texts the parser trips over itself instead of saying what is wrong.
            throw new YamlException(
                _scanner.CurrentPosition,
                _scanner.CurrentPosition,
                "something is not closed, or stands where it cannot"
            );
        }
    }

    private void RefuseControlCharacters(string text)
    {
        var line = 1;
        for (var i = 0; i < text.Length; i++)
        {
            line += text[i] == '\n' ? 1 : 0;
            if (!Rune.TryGetRuneAt(text, i, out var rune) || (Rune.IsControl(rune) && rune.Value is not ('\t' or '\n' or '\r' or 0x85)))
            {
                // The parser takes NUL for the end of the text.
                throw new ConfigurationException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{(_hasLines ? new Place(_source, line, 0) : Place.Of(_source))}: the character U+{(int)text[i]:X4} is "
                            + $"not allowed; write it \"\\u{(int)text[i]:X4}\" if it is meant."
                    )
                );
            }

            i += rune.Utf16SequenceLength - 1;
        }
    }

    private ConfigurationException Refused(ParsingEvent found, string why) => new($"{PlaceOf(found)}: {why}.");

    private Place PlaceOf(ParsingEvent found) => _hasLines ? PlaceOf(found.Start, _source) : Place.Of(_source);

    private static Place PlaceOf(Mark mark, string source) => new(source, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    private static ConfigurationException Explained(YamlException problem, string text, string source)
    {
        var lines = text.Split('\n');
        var first = (int)Math.Clamp(problem.Start.Line, 1, lines.Length);
        for (var line = first; line <= Math.Min(Math.Max(first, problem.End.Line) + 1, lines.Length); line++)
        {
            var indent = lines[line - 1].AsSpan();
            if (indent[..(indent.Length - indent.TrimStart().Length)].Contains('\t'))
            {
                return new($"{new Place(source, line, 1)}: the line is indented with a tab; YAML wants spaces.");
            }
        }

        return new(
            $"{PlaceOf(problem.Start, source)}: not valid YAML: {Reason(problem)}. The line reads "
                + $"{ScalarText.Shown(lines[first - 1].Trim())}."
        );
    }

    // The parser leads its messages with places of its own.
    private static string Reason(YamlException problem) => MarkPattern().Replace(problem.Message, "").TrimEnd('.');

    [GeneratedRegex(@"^(\(Line.*?Idx: \d+\)( - \(Line.*?Idx: \d+\))?: )+")]
    private static partial Regex MarkPattern();
}
