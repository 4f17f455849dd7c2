using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;

namespace Attune.Data.Judging;

/// <summary>What was measured of a judge: <c>judge.json</c>.</summary>
/// <param name="Hash">Of model, rubric and way of asking: the measurement holds for this judge alone.</param>
/// <param name="Data">The file of the pairs that people labelled.</param>
/// <param name="DataSha256">Its hash.</param>
/// <param name="Pairs">Pairs that judge and people both decided.</param>
/// <param name="Kappa">Cohen's kappa with people; null where it is not defined.</param>
public sealed record JudgeFile(
    string Judge,
    string Hash,
    string Data,
    string DataSha256,
    int Pairs,
    double Agreement,
    double? Kappa,
    double? KappaLow,
    double? KappaHigh
)
{
    public const string FileName = "judge.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
    };

    public void Write(string path) => AtomicFile.WriteText(path, JsonSerializer.Serialize(this, Json) + "\n");

    /// <exception cref="DataException">There is no such file, or it is no judge's.</exception>
    public static JudgeFile Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<JudgeFile>(File.ReadAllText(path), Json) is { Hash: not null, Judge: not null } read
                ? read
                : throw new JsonException("judge or hash is missing");
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            throw new DataException(
                $"{path}: not what was measured of a judge ({problem.Message.TrimEnd('.')}). Expected the judge.json that `attune judge` "
                    + "writes."
            );
        }
    }

    /// <summary>Why labels of a judge are to be doubted, a sentence; null where this measurement is of that judge.</summary>
    public static string? Doubt(JudgeFile? measured, IPairJudge judge, string hash) =>
        measured is null
            ? $"{judge.Name} was not measured against people: nobody knows whether its labels mean anything (`attune judge` measures it)"
        : measured.Hash != hash
            ? $"{judge.Name} is not the judge that was measured: the model, the constitution or the way of asking has changed since. "
                + "Measure it again (`attune judge`)"
        : null;

    /// <summary>The hash of a judge with the constitution it judges by.</summary>
    public static string HashOf(IPairJudge judge, Constitution constitution) =>
        Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{judge.Hash} {constitution.Hash}"))
        );
}
