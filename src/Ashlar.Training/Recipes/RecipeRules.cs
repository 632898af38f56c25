using Ashlar.Inference.Models.NGrams;
using Ashlar.Training.Loop;

namespace Ashlar.Training.Recipes;

/// <summary>What a recipe's values must satisfy before a run starts.</summary>
internal static class RecipeRules
{
    public static void Check(Recipe recipe, string source)
    {
        Text("name", recipe.Name);
        if (recipe.Name.AsSpan().IndexOfAny('/', '\\') >= 0)
            Fail("name", recipe.Name, "a name without slashes");
        bool generated = recipe.Data.Format is DataFormat.GeneratedReverse or DataFormat.GeneratedCopy;
        if (recipe.Data.Train.Count == 0 && !generated)
            Fail("data.train", "[]", "at least one file");
        Between("data.validationFraction", recipe.Data.ValidationFraction, 0, 0.9);
        if (recipe.Model.InitializeFrom is null)
            CheckTokenizer(recipe.Tokenizer, "tokenizer", Fail);
        if (recipe.Task == TrainingTask.Sft && recipe.Data.Format != DataFormat.Chat)
            Fail("data.format", recipe.Data.Format, "chat, because task is sft");

        if (recipe.Task == TrainingTask.NGram)
            CheckNGram();
        if (recipe.Data.Format == DataFormat.Shards && recipe.Data.Train.Count != 1)
            Fail("data.train", $"{recipe.Data.Train.Count} folders", "one, because data.format is shards");
        if (recipe.Data.Format == DataFormat.Shards && recipe.Data.Validation.Count > 0)
            Fail("data.validation", string.Join(", ", recipe.Data.Validation), "none, because token shards have their own");

        Positive("model.layers", recipe.Model.Layers);
        Positive("model.heads", recipe.Model.Heads);
        Positive("model.width", recipe.Model.Width);
        Positive("model.contextLength", recipe.Model.ContextLength);
        Between("model.dropout", recipe.Model.Dropout, 0, 0.95);
        bool recurrent = RecurrentShape.Describes(recipe.Model);
        if (recipe.Task == TrainingTask.Translation)
            TranslationRules.Check(recipe, Fail);
        else if (!recurrent && recipe.Model.Architecture is not ("gpt1" or "gpt2" or "llama" or "qwen2" or "qwen3"))
            Fail("model.architecture", recipe.Model.Architecture, "gpt1, gpt2, llama, qwen2, qwen3, rnn-tanh, rnn-relu, lstm or gru");
        if (recurrent && recipe.Task != TrainingTask.CausalLm)
            Fail("task", recipe.Task, $"causal-lm, because model.architecture is {recipe.Model.Architecture}");
        if (recipe.Data.Batching == Batching.Contiguous && !recurrent)
            Fail("data.batching", "contiguous", "random-crops or packed, because only a recurrent model carries a state from batch to batch");
        if (recipe.Data.ResetBetweenDocuments && recipe.Data.Batching != Batching.Contiguous)
            Fail("data.resetBetweenDocuments", "true", "data.batching contiguous with it; packed rows always start anew, crops never");
        foreach ((string key, double? value) in ((string, double?)[])[
            ("inputDropout", recipe.Model.InputDropout), ("layerDropout", recipe.Model.LayerDropout), ("outputDropout", recipe.Model.OutputDropout),
            ("embeddingDropout", recipe.Model.EmbeddingDropout), ("weightDrop", recipe.Model.WeightDrop)])
            Between($"model.{key}", value ?? 0, 0, 0.95);
        if (recipe.Model.EmbeddingWidth < 0)
            Fail("model.embeddingWidth", recipe.Model.EmbeddingWidth, "0 or more");
        if (recipe.Model.Architecture == "gpt1" && recipe.Model.FeedForwardWidth != 0 && recipe.Model.FeedForwardWidth != 4 * recipe.Model.Width)
            Fail("model.feedForwardWidth", recipe.Model.FeedForwardWidth, $"four times model.width ({4 * recipe.Model.Width}), as in every GPT-1");
        if (!recurrent && recipe.Model.Architecture != "seq2seq" && recipe.Model.HeadWidth == 0 && recipe.Model.Width % recipe.Model.Heads != 0)
            Fail("model.width", recipe.Model.Width, $"a multiple of model.heads ({recipe.Model.Heads}), or a model.headWidth");
        if (!recurrent && recipe.Task != TrainingTask.Translation && recipe.Model.KeyValueHeads > 0 && recipe.Model.Heads % recipe.Model.KeyValueHeads != 0)
            Fail("model.keyValueHeads", recipe.Model.KeyValueHeads, $"a divisor of model.heads ({recipe.Model.Heads})");

        Between("optimizer.learningRate", recipe.Optimizer.LearningRate, double.Epsilon, 100);
        Between("optimizer.momentum", recipe.Optimizer.Momentum, 0, 1 - 1e-9);
        Between("optimizer.muonLearningRate", recipe.Optimizer.MuonLearningRate, double.Epsilon, 10);
        Between("optimizer.beta1", recipe.Optimizer.Beta1, 0, 1 - 1e-9);
        Between("optimizer.beta2", recipe.Optimizer.Beta2, 0, 1 - 1e-9);
        Between("optimizer.muonMomentum", recipe.Optimizer.MuonMomentum, 0, 1 - 1e-9);
        Between("optimizer.weightDecay", recipe.Optimizer.WeightDecay, 0, 10);
        Between("schedule.finalFraction", recipe.Schedule.FinalFraction, 0, 1);
        Between("schedule.decayFraction", recipe.Schedule.DecayFraction, 0, 1);
        Between("schedule.plateauFactor", recipe.Schedule.PlateauFactor, 1e-6, 1 - 1e-9);
        if (recipe.Schedule.PlateauPatience < 0)
            Fail("schedule.plateauPatience", recipe.Schedule.PlateauPatience, "0 or more");
        if (recipe.Schedule.WarmupSteps < 0)
            Fail("schedule.warmupSteps", recipe.Schedule.WarmupSteps, "0 or more");

        Positive("training.steps", recipe.Training.Steps);
        Positive("training.batchSize", recipe.Training.BatchSize);
        Positive("training.gradientAccumulation", recipe.Training.GradientAccumulation);
        Positive("training.checkpointEvery", recipe.Training.CheckpointEvery);
        if (recipe.Training.AverageCheckpoints < 0)
            Fail("training.averageCheckpoints", recipe.Training.AverageCheckpoints, "0 or more");
        if (recipe.Training.ActivationCheckpointing && (recurrent || recipe.Model.Architecture == "gpt1" || recipe.Task is TrainingTask.Translation or TrainingTask.NGram))
            Fail("training.activationCheckpointing", "true", "it with model.architecture gpt2, llama, qwen2 or qwen3 only");
        Between("training.ema", recipe.Training.Ema, 0, 1 - 1e-9);
        Between("training.gradientClip", recipe.Training.GradientClip, 0, double.MaxValue);
        Positive("evaluation.every", recipe.Evaluation.Every);
        Between("evaluation.temperature", recipe.Evaluation.Temperature, 0, 100);
        if (recipe.Evaluation.SampleTokens < 0)
            Fail("evaluation.sampleTokens", recipe.Evaluation.SampleTokens, "0 or more");

        void CheckNGram()
        {
            NGramRecipe ngram = recipe.Ngram;
            if (ngram.Order is < 1 or > NGramHeader.MaximumOrder)
                Fail("ngram.order", ngram.Order, $"a whole number from 1 to {NGramHeader.MaximumOrder}");
            if (NGramSmoothingNames.Parse(ngram.Smoothing) is null or NGramSmoothing.BackOff)
                Fail("ngram.smoothing", ngram.Smoothing, "maximum-likelihood, add-k, witten-bell, kneser-ney or modified-kneser-ney");
            Between("ngram.k", ngram.K, double.Epsilon, double.MaxValue);
            if (ngram.Discounts.Count is not (0 or 1 or 3) || ngram.Discounts.Any(discount => discount is not (>= 0 and <= 3)))
                Fail("ngram.discounts", $"[{string.Join(", ", ngram.Discounts)}]", "one number or three, each from 0 to 3, or none");
            if (ngram.MinimumCounts.Any(count => count < 1) || ngram.MinimumCounts.Zip(ngram.MinimumCounts.Skip(1)).Any(pair => pair.Second < pair.First))
                Fail("ngram.minimumCounts", $"[{string.Join(", ", ngram.MinimumCounts)}]", "numbers from 1 on that do not fall with the order");
            Positive("ngram.blockTokens", ngram.BlockTokens);
            if (recipe.Data.Format == DataFormat.Chat)
                Fail("data.format", recipe.Data.Format, "text, text-lines or jsonl, because task is ngram");
        }

        void Text(string key, string value)
        {
            if (string.IsNullOrWhiteSpace(value))
                Fail(key, "empty", "a text");
        }

        void Positive(string key, int value)
        {
            if (value <= 0)
                Fail(key, value, "a whole number of at least 1");
        }

        void Between(string key, double value, double low, double high)
        {
            if (!(value >= low && value <= high))
                Fail(key, value, high > 1e300 ? $"at least {low}" : $"between {low:G3} and {high:G3}");
        }

        void Fail(string key, object value, string expected) =>
            throw new InvalidDataException($"{source}: {key} is {value}; expected {expected}.");
    }

    /// <summary>Checks a tokenizer; <paramref name="fail"/> is told key, value and what was expected, and throws.</summary>
    internal static void CheckTokenizer(TokenizerRecipe tokenizer, string key, Action<string, object, string> fail)
    {
        if (tokenizer.Kind == TokenizerKind.File && tokenizer.Path is null)
            fail(key + ".path", "missing", $"a tokenizer file, because {key}.kind is file");
        if (tokenizer.Kind == TokenizerKind.ByteLevelBpe && tokenizer.VocabularySize < 257)
            fail(key + ".vocabularySize", tokenizer.VocabularySize, "at least 257 (256 bytes and the end of text)");
        if (tokenizer.MinimumCount < 1)
            fail(key + ".minimumCount", tokenizer.MinimumCount, "a whole number of at least 1");
        if (tokenizer.Kind == TokenizerKind.WordLevel && tokenizer.VocabularySize < 3)
            fail(key + ".vocabularySize", tokenizer.VocabularySize, "at least 3 (the unknown word, the end of text and a word)");
        if (tokenizer.Lowercase == true && tokenizer.Kind is not (TokenizerKind.WordLevel or TokenizerKind.WordPiece))
            fail(key + ".lowercase", "true", "it with kind word-level or word-piece only");
    }
}
