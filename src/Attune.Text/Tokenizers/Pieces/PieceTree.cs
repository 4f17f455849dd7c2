namespace Attune.Text.Tokenizers.Pieces;

/// <summary>Finds the pieces that begin at a place, shortest first.</summary>
internal sealed class PieceTree
{
    private readonly Dictionary<(int Node, char Next), int> _children = [];
    private readonly List<int> _ids = [-1];

    public PieceTree(IEnumerable<KeyValuePair<string, int>> pieces)
    {
        foreach (var (text, id) in pieces)
        {
            var node = 0;
            foreach (var next in text)
            {
                if (!_children.TryGetValue((node, next), out var child))
                {
                    _children[(node, next)] = child = _ids.Count;
                    _ids.Add(-1);
                }

                node = child;
            }

            if (node > 0)
            {
                _ids[node] = id;
            }
        }
    }

    public bool IsEmpty => _ids.Count == 1;

    /// <param name="found">Filled with ends, in UTF-16 units, and ids.</param>
    public void Find(string text, int at, List<(int End, int Id)> found)
    {
        found.Clear();
        var node = 0;
        while (at < text.Length && _children.TryGetValue((node, text[at++]), out node))
        {
            if (_ids[node] >= 0)
            {
                found.Add((at, _ids[node]));
            }
        }
    }

    /// <summary>The length of the longest piece at a place; 0 where none begins there.</summary>
    public int Longest(string text, int at)
    {
        var (node, start, length) = (0, at, 0);
        while (at < text.Length && _children.TryGetValue((node, text[at++]), out node))
        {
            length = _ids[node] >= 0 ? at - start : length;
        }

        return length;
    }
}
