using System.Globalization;
using System.Text;
using Attune.Core;

namespace Attune.Data.Formats;

/// <summary>The errors of one file. Messages give the first ten and the number of the others.</summary>
public sealed class RowProblems(string path)
{
    private const int MaxReported = 10;
    private readonly List<string> _first = [];
    private int _count;

    public string Path => path;

    /// <param name="line">Counted from 1.</param>
    /// <param name="field">Null where the row as a whole is wrong.</param>
    public void Add(int line, string? field, string problem)
    {
        if (_count++ < MaxReported)
        {
            _first.Add(
                string.Create(CultureInfo.InvariantCulture, $"line {line}{(field is null ? "" : $", field \"{field}\"")}: {problem}")
            );
        }
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
            throw new DataException($"{path}, {_first[0]}");
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
