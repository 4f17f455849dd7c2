using System.Text;

namespace Attune.Text.Tokenizers.Pieces;

/// <summary>
/// The unigram language model (Kudo 2018) as SentencePiece computes it, sums in single precision: of all ways to cut a text the one with
/// the highest sum of log-probabilities. What users defined gets a score that always wins.
/// </summary>
internal sealed class UnigramCutter : IPieceCutter
{
    // SentencePiece's kUnkPenalty.
    private const float UnknownPenalty = 10;

    // SentencePiece's maximum begins at the smallest positive number, so that it stays there where all scores are negative.
    private const float Smallest = 1.17549435e-38f;
    private readonly SentencePieceModel _model;
    private readonly PieceTree _tree;
    private readonly float _unknown;
    private readonly float _highest = Smallest;

    public UnigramCutter(SentencePieceModel model, Dictionary<string, int> ids)
    {
        (_model, _tree) = (model, new PieceTree(ids));
        var lowest = float.MaxValue;
        foreach (var piece in model.Pieces.Where(p => p.Type == PieceType.Normal))
        {
            (lowest, _highest) = (Math.Min(lowest, piece.Score), Math.Max(_highest, piece.Score));
        }

        _unknown = lowest - UnknownPenalty;
    }

    public List<PieceSpan> Cut(string text)
    {
        var (best, from, piece) = (new float[text.Length + 1], new int[text.Length + 1], new int[text.Length + 1]);
        Array.Fill(from, -1);
        var (start, found) = (0, new List<(int End, int Id)>());
        while (start < text.Length)
        {
            var (width, covered) = (char.IsSurrogatePair(text, start) ? 2 : 1, false);
            _tree.Find(text, start, found);
            foreach (var (end, id) in found)
            {
                if (_model.Pieces[id].Type != PieceType.Unused)
                {
                    covered |= end == start + width;
                    Improve(start, end, best[start] + Score(id, text.AsSpan(start, end - start)), id);
                }
            }

            if (!covered)
            {
                Improve(start, start + width, best[start] + _unknown, -1);
            }

            start += width;
        }

        return Path(from, piece);

        void Improve(int start, int end, double score, int id)
        {
            if (from[end] < 0 || score > best[end])
            {
                (best[end], from[end], piece[end]) = ((float)score, start, id);
            }
        }
    }

    /// <summary>Back from the end of the text, by where each place was best reached from.</summary>
    private static List<PieceSpan> Path(int[] from, int[] piece)
    {
        var cut = new List<PieceSpan>();
        for (var end = from.Length - 1; end > 0; end = from[end])
        {
            cut.Add(new PieceSpan(piece[end], from[end], end));
        }

        cut.Reverse();
        return cut;
    }

    private double Score(int id, ReadOnlySpan<char> text) =>
        _model.Pieces[id].Type == PieceType.UserDefined
            ? (float)(Encoding.UTF8.GetByteCount(text) * _highest) - 0.1
            : _model.Pieces[id].Score;
}
