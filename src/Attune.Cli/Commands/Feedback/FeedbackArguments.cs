using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Feedback;
using Attune.Feedback.Formats;
using Attune.Feedback.Labels;
using Attune.Feedback.Storage;
using Attune.Text.Tokenizers;

namespace Attune.Cli.Commands.Feedback;

/// <summary>The options that feedback commands share, and how they open the store and print a report.</summary>
internal static class FeedbackArguments
{
    /// <summary>A figure may have no value: "NaN".</summary>
    private static readonly JsonSerializerOptions ReportJson = new(StoreJson.Options)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Option<string> Database() =>
        new("--database")
        {
            Description = "SQLite file, or a PostgreSQL connection (postgres://USER:PASSWORD@HOST/DATABASE, or Host=...;Database=...)",
            HelpName = "DATABASE",
            DefaultValueFactory = _ => "feedback.db",
        };

    public static Option<string> Project(string description = "name of the project") =>
        new("--project")
        {
            Description = description,
            HelpName = "NAME",
            Required = true,
        };

    public static Option<string?> Tokenizer() =>
        new("--tokenizer") { Description = "folder of a tokenizer, for formats that hold token ids (ziegler)", HelpName = "DIR" };

    public static Option<string?> Format(bool required) =>
        new("--format")
        {
            Description = required
                ? string.Join(", ", FeedbackFormats.Written)
                : string.Join(", ", FeedbackFormats.Names) + " (default: detected from the fields)",
            HelpName = "NAME",
            Required = required,
        };

    /// <summary>Opens a store that exists.</summary>
    public static Task<FeedbackStore> OpenAsync(string database, CancellationToken cancel) =>
        FeedbackStore.OpenAsync(new StoreOptions(database) { Create = false }, cancel);

    /// <summary>Opens a store, and creates it where there is none.</summary>
    public static Task<FeedbackStore> OpenOrCreateAsync(string database, CancellationToken cancel) =>
        FeedbackStore.OpenAsync(new StoreOptions(database), cancel);

    public static ITokenizer? LoadTokenizer(string? folder) => folder is null ? null : TokenizerFiles.Load(folder);

    public static string Number(double value) => double.IsNaN(value) ? "-" : value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>Prints the report as JSON, or the lines that say something.</summary>
    public static void Print(bool json, object report, params ReadOnlySpan<string?> lines)
    {
        if (json)
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(report, report.GetType(), ReportJson));
            return;
        }

        foreach (var line in lines)
        {
            if (line is not null)
            {
                Console.Out.WriteLine(line);
            }
        }
    }
}
