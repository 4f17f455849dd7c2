using Attune.Feedback.Bench;

// attune-feedback-bench load DATABASE [annotators] [labels]   labels a second and times, printed as one line of JSON
// attune-feedback-bench host DATABASE                         answers requests on standard input until it is killed; for the tests
return args switch
{
    ["load", var database, .. var rest] => await Load.RunAsync(
        database,
        rest.Length > 0 ? int.Parse(rest[0], System.Globalization.CultureInfo.InvariantCulture) : 50,
        rest.Length > 1 ? int.Parse(rest[1], System.Globalization.CultureInfo.InvariantCulture) : 5000
    ),
    ["host", var database] => await Host.RunAsync(database),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Attune.Feedback.Bench load DATABASE [ANNOTATORS] [LABELS]\n       Attune.Feedback.Bench host DATABASE");
    return 2;
}
