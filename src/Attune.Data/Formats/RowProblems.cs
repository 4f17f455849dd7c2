using System.Globalization;
using System.Text;
using Attune.Core;

namespace Attune.Data.Formats;

/// <summary>Everything wrong with a file, of which the first ten are told.</summary>
internal sealed class RowProblems(string path)
{
    private const int Told = 10;
    private readonly List<string> _first = [];
    private int _count;

    public string Path => path;

    public void Add(int line, string? field, string problem)
    {
        if (_count++ < Told)
        {
            _first.Add(
                string.Create(CultureInfo.InvariantCulture, $"line {line}{(field is null ? "" : $", field \"{field}\"")}: {problem}")
            );
        }
    }

    /// <exception cref="DataException">Where there was any problem.</exception>
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
        var message = new StringBuilder($"{path} has {_count} errors{(_count > Told ? $"; the first {Told}" : "")}:");
        foreach (var problem in _first)
        {
            message.AppendLine().Append("  ").Append(problem);
        }

        if (_count > Told)
        {
            message.AppendLine().Append(CultureInfo.InvariantCulture, $"  and {_count - Told} more.");
        }
        throw new DataException(message.ToString());
    }
}
