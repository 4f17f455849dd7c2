using System.Collections.Immutable;
using System.Text;

namespace Attune.Text.Tokenizers;

/// <summary>
/// The text of an answer while its tokens come. What is handed out is never taken back: characters whose bytes are not all there wait, and
/// so does what may turn out to begin a stop sequence; the pieces put together are the whole text, which ends before the first stop
/// sequence.
/// </summary>
/// <param name="prefix">Dropped if the answer begins with it.</param>
/// <param name="beginsText">Nothing stands before the answer, so that no space stands before its first word.</param>
public sealed class AnswerText(ITokenizer tokenizer, string prefix, bool beginsText, ImmutableArray<string> stops)
{
    private const char Unknown = '\uFFFD';

    private readonly List<int> _open = [];
    private readonly StringBuilder _text = new();
    private readonly int _longestStop = stops.Select(s => s.Length).DefaultIfEmpty(0).Max();
    private bool _begun;
    private bool _mayBePrefix = prefix.Length > 0;
    private int _given;

    /// <summary>A stop sequence appeared: nothing more will come.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Characters known so far, those included that are not handed out yet.</summary>
    public int Length => _text.Length;

    /// <summary>The same in code points.</summary>
    public int CodePoints { get; private set; }

    /// <summary>Characters handed out.</summary>
    public int Given => _given;

    public void Add(int token)
    {
        if (IsStopped)
        {
            return;
        }

        _open.Add(token);
        var text = Decode();
        // The last character may still want bytes of tokens to come.
        if (text.Length > 0 && text[^1] != Unknown)
        {
            Settle(text);
        }
    }

    /// <summary>What is certain and was not handed out yet.</summary>
    public string Take() =>
        Give(
            IsStopped ? _text.Length
            : _mayBePrefix ? _given
            : _text.Length - Doubtful()
        );

    /// <summary>The rest: no token comes any more.</summary>
    public string Finish()
    {
        if (!IsStopped && _open.Count > 0)
        {
            Settle(Decode());
        }

        return Give(_text.Length);
    }

    private string Decode() => beginsText && !_begun ? tokenizer.Decode([.. _open]) : tokenizer.DecodeContinuation([.. _open]);

    private string Give(int until)
    {
        var text = _text.ToString(_given, until - _given);
        _given = until;
        return text;
    }

    private void Settle(string text)
    {
        var from = Math.Max(_given, _text.Length - Math.Max(0, _longestStop - 1));
        _text.Append(text);
        CodePoints += Core.Conversations.CodePoints.Count(text);
        _open.Clear();
        _begun = true;
        if (_mayBePrefix && DropPrefix())
        {
            from = 0;
        }

        Stop(from);
    }

    /// <summary>Removes the prefix once the whole of it has come.</summary>
    private bool DropPrefix()
    {
        var start = _text.ToString(0, Math.Min(prefix.Length, _text.Length));
        if (start == prefix)
        {
            _text.Remove(0, prefix.Length);
            CodePoints -= Core.Conversations.CodePoints.Count(prefix);
            _mayBePrefix = false;
            return true;
        }

        _mayBePrefix = prefix.StartsWith(start, StringComparison.Ordinal);
        return false;
    }

    private void Stop(int from)
    {
        var tail = _text.ToString(from, _text.Length - from);
        var first = stops.Select(s => tail.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        if (first >= 0)
        {
            _text.Length = from + first;
            IsStopped = true;
        }
    }

    /// <summary>Characters at the end that a stop sequence may begin with.</summary>
    private int Doubtful()
    {
        var tail = _text.ToString(
            Math.Max(_given, _text.Length - Math.Max(0, _longestStop - 1)),
            Math.Min(_text.Length - _given, Math.Max(0, _longestStop - 1))
        );
        for (var length = tail.Length; length > 0; length--)
        {
            if (stops.Any(s => s.StartsWith(tail[^length..], StringComparison.Ordinal)))
            {
                return length;
            }
        }

        return 0;
    }
}
