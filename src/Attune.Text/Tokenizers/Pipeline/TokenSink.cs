using System.Collections.Immutable;
using Attune.Text.Unicode;

namespace Attune.Text.Tokenizers.Pipeline;

/// <summary>Takes the tokens of a text, and where they lie if that is asked for.</summary>
internal sealed class TokenSink(bool traced, int capacity = 16)
{
    private readonly List<int> _ids = new(capacity);
    private readonly List<(int Start, int End)> _spans = [];
    private AlignedText _piece;

    public bool IsTraced => traced;

    /// <summary>Characters, or bytes where each is a letter, that no token stands for; counted where places are asked for.</summary>
    public int Lost { get; set; }

    public IReadOnlyList<int> Ids => _ids;

    /// <summary>The piece that the next tokens are made of.</summary>
    public void Begin(AlignedText piece) => _piece = piece;

    /// <param name="start">Where in the piece the token begins, in UTF-16 units.</param>
    /// <param name="end">One past its last.</param>
    public void Add(int id, int start, int end)
    {
        _ids.Add(id);
        if (traced)
        {
            _spans.Add(_piece.SpanOf(start, end));
        }
    }

    /// <summary>Tokens whose places nobody asks for.</summary>
    public void AddRange(ImmutableArray<int> ids) => _ids.AddRange(ids);

    /// <summary>The last token goes on to here.</summary>
    public void Extend(int end)
    {
        if (traced && _spans.Count > 0)
        {
            _spans[^1] = (_spans[^1].Start, Math.Max(_spans[^1].End, _piece.SpanOf(end - 1, end).End));
        }
    }

    public ImmutableArray<int> ToIds() => [.. _ids];

    /// <summary>Where each token lies, in code points of the original; empty where nobody asks.</summary>
    public IReadOnlyList<(int Start, int End)> Spans => _spans;
}
