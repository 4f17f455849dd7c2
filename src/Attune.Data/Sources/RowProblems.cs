using System.Globalization;
using System.Text;
using Attune.Core;

namespace Attune.Data.Sources;

/// <summary>The errors of one data set. Messages give the first ten and the number of the others.</summary>
/// <param name="path">The file, or the folder of files.</param>
public sealed class RowProblems(string path)
{
    private const int MaxReported = 10;
    private readonly List<string> _first = [];
    private int _count;
    private bool _named;

    public string Path => path;

    public bool Any => _count > 0;

    /// <param name="field">Null where the row as a whole is wrong.</param>
    public void Add(JsonRow row, string? field, string problem) => Add(row.Origin, row.Number, field, problem);

    /// <param name="number">The line or row in that file, counted from 1.</param>
    /// <param name="field">Null where the row as a whole is wrong.</param>
    public void Add(RowOrigin origin, int number, string? field, string problem)
    {
        if (_count++ >= MaxReported)
        {
            return;
        }

        _named |= origin.Path != path;
        var place = string.Create(CultureInfo.InvariantCulture, $"{origin.Unit} {number}{(field is null ? "" : $", field \"{field}\"")}");
        _first.Add($"{(origin.Path == path ? "" : origin.Path + ", ")}{place}: {problem}");
    }

    /// <exception cref="DataException">There is at least one error.</exception>
    public void Throw()
    {
        if (_count == 0)
        {
            return;
        }

        if (_count == 1)
        {
            throw new DataException(_named ? _first[0] : $"{path}, {_first[0]}");
        }

        var message = new StringBuilder($"{path} has {_count} errors{(_count > MaxReported ? $"; the first {MaxReported}" : "")}:");
        foreach (var problem in _first)
        {
            message.AppendLine().Append("  ").Append(problem);
        }

        if (_count > MaxReported)
        {
            message.AppendLine().Append(CultureInfo.InvariantCulture, $"  and {_count - MaxReported} more.");
        }

        throw new DataException(message.ToString());
    }
}
